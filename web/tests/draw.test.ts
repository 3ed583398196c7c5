import { describe, expect, test } from "vitest";

import { type Draft, type DrawnRoom, History, doorAt, freshId, moveCorner, moveRoom, rectangle, removeRoom, roomAt, sides, snap, splitWall, surface } from "../src/lib/draw";
import type { Point } from "../src/lib/types-site";

const room = (id: string, outline: Point[]): DrawnRoom => ({ id, name: { en: id, fr: id }, category: "room", security: "staff", outline });
const WEST = room("west", [[0, 0], [5, 0], [5, 4], [0, 4]]);
const EAST = room("east", [[5, 0], [9, 0], [9, 4], [5, 4]]);
const ROOMS = [WEST, EAST];

describe("snapping", () => {
  test("corners go before walls, walls before the grid", () => {
    expect(snap([5.1, 3.9], ROOMS, 0.3)).toEqual([5, 4]);
    expect(snap([2.03, 4.2], ROOMS, 0.3)).toEqual([2.03, 4]);
    expect(snap([20.04, 7.26], ROOMS, 0.3)).toEqual([20, 7.3]);
  });

  test("a room does not snap to itself", () => {
    expect(snap([0.04, 0.04], ROOMS, 0.3, "west")).toEqual([0, 0]);
    expect(snap([0.24, 0.24], ROOMS, 0.3, "west")).toEqual([0.2, 0.2]);
  });
});

test("a rectangle between two corners, in any order; none without area", () => {
  expect(rectangle([5, 4], [0, 0])).toEqual(WEST.outline);
  expect(rectangle([1, 1], [1.05, 9])).toBeNull();
  expect(sides(WEST.outline)).toEqual({ x: 0, y: 0, w: 5, h: 4 });
  expect(sides([[0, 0], [1, 0], [0, 1]])).toBeNull();
});

test("a door lies in the wall that two rooms share", () => {
  expect(doorAt(ROOMS, [5.2, 2])).toEqual({ line: [[5, 1.5], [5, 2.5]], between: ["west", "east"] });
  expect(doorAt(ROOMS, [5, 0.1])?.line).toEqual([[5, 0], [5, 1]]);
  expect(doorAt(ROOMS, [0, 2])).toBeNull();
});

test("a corner of a rectangle takes its walls along; another corner goes alone", () => {
  expect(moveCorner(WEST.outline, 2, [6, 5])).toEqual([[0, 0], [6, 0], [6, 5], [0, 5]]);
  const five = splitWall(WEST.outline, 1);
  expect(five).toEqual([[0, 0], [5, 0], [5, 2], [5, 4], [0, 4]]);
  expect(moveCorner(five, 2, [6, 2])).toEqual([[0, 0], [5, 0], [6, 2], [5, 4], [0, 4]]);
});

test("what stands in a room moves and goes with it", () => {
  const draft: Draft = { rooms: ROOMS, doors: [{ id: "d", name: { en: "", fr: "" }, line: [], between: ["west", "east"] }], things: [{ id: "pc", name: "", group: "it", zone: "west", at: [1, 1] }] };
  expect(moveRoom(draft, "west", [1, 0.5]).things[0]?.at).toEqual([2, 1.5]);
  const left = removeRoom(draft, "west");
  expect([left.rooms.length, left.doors.length, left.things[0]?.zone]).toEqual([1, 0, null]);
});

test("the smallest room around a point; its surface", () => {
  const cupboard = room("cupboard", [[1, 1], [2, 1], [2, 2], [1, 2]]);
  expect(roomAt([WEST, cupboard], [1.5, 1.5])?.id).toBe("cupboard");
  expect(roomAt(ROOMS, [20, 20])).toBeNull();
  expect(surface(WEST.outline)).toBe(20);
});

test("ids are plain and fresh", () => {
  expect(freshId("aurore.0.Salle d'opération n°2", [])).toBe("aurore.0.salle-d-operation-n-2");
  expect(freshId("a", ["a", "a.2"])).toBe("a.3");
  expect(freshId("…", [])).toBe("room");
});

test("undo, redo, and a new step ends what could be redone", () => {
  const history = new History<number>();
  history.keep(1);
  expect(history.undo(2)).toBe(1);
  expect(history.redo(1)).toBe(2);
  expect(history.redo(2)).toBe(2);
  expect(history.undo(2)).toBe(1);
  history.keep(1);
  expect(history.canRedo).toBe(false);
});
