import { describe, expect, it } from "vitest";

import { area, around, common, cone, flip, inside, middle, neighbour, path, pinched, shaped, wallAngle, widest, wrap, zoomed } from "../src/lib/plan";
import type { Point } from "../src/lib/types-site";

const SQUARE: Point[] = [
  [0, 0],
  [4, 0],
  [4, 4],
  [0, 4],
];
/** Its centroid lies outside of it. */
const ANGLE: Point[] = [
  [0, 0],
  [10, 0],
  [10, 1],
  [1, 1],
  [1, 10],
  [0, 10],
];

describe("boxes", () => {
  it("holds all points with a margin", () => {
    expect(around(SQUARE, 1)).toEqual({ x: -1, y: -1, w: 6, h: 6 });
  });

  it("has a size even without points, so that a view box is valid", () => {
    expect(around([])).toEqual({ x: 0, y: 0, w: 1, h: 1 });
  });

  it("takes the shape of the screen around the same middle", () => {
    expect(shaped({ x: 0, y: 0, w: 10, h: 10 }, 200, 100)).toEqual({ x: -5, y: 0, w: 20, h: 10 });
    expect(shaped({ x: 0, y: 0, w: 10, h: 10 }, 100, 200)).toEqual({ x: 0, y: -5, w: 10, h: 20 });
  });

  it("zooms while the point under the pointer stands still", () => {
    const near = zoomed({ x: 0, y: 0, w: 10, h: 10 }, 0.5, 1, 0);
    expect(near).toEqual({ x: 5, y: 0, w: 5, h: 5 });
    expect(near.x + near.w).toBe(10);
  });

  it("zooms with two fingers: what was between them stays between them", () => {
    const box = { x: 10, y: 20, w: 20, h: 10 };
    const near = pinched(box, { from: [[40, 50], [60, 50]], to: [[70, 50], [110, 50]] }, 100, 1, 100);
    expect(near.w).toBe(10);
    expect(near.h).toBe(5);
    expect(near.x + 90 * (near.w / 100)).toBeCloseTo(box.x + 50 * (box.w / 100)); // the middle of the fingers: 50 before, 90 after
    expect(near.y + 50 * (near.w / 100)).toBeCloseTo(box.y + 50 * (box.w / 100));
    expect(pinched(box, { from: [[0, 0], [1, 0]], to: [[0, 0], [90, 0]] }, 100, 6, 100).w).toBe(6);
    expect(pinched(box, { from: [[0, 0], [90, 0]], to: [[0, 0], [0, 0]] }, 100, 6, 30).w).toBe(30);
  });

  it("cuts two boxes to what they share, and to nothing when apart", () => {
    expect(common({ x: 0, y: 0, w: 4, h: 4 }, { x: 2, y: 1, w: 9, h: 1 })).toEqual({ x: 2, y: 1, w: 2, h: 1 });
    expect(common({ x: 0, y: 0, w: 1, h: 1 }, { x: 5, y: 0, w: 1, h: 1 }).w).toBe(0);
  });
});

describe("rooms", () => {
  it("turns north up into screen direction", () => {
    expect(flip([3, 5])).toEqual([3, -5]);
  });

  it("has the area of its outline, whichever way it runs", () => {
    expect(area(SQUARE)).toBe(16);
    expect(area(SQUARE.toReversed())).toBe(16);
  });

  it("carries its label inside, also when it is bent", () => {
    expect(middle(SQUARE)).toEqual([2, 2]);
    expect(inside(ANGLE, middle(ANGLE))).toBe(true);
  });

  it("does not fall over an outline without area", () => {
    expect(middle([[1, 2], [1, 2], [1, 2]])).toEqual([1, 2]);
  });

  it("knows its widest span at a height", () => {
    expect(widest(ANGLE, 0.5)).toEqual([0, 10]);
    expect(widest(ANGLE, 5)).toEqual([0, 1]);
  });

  it("is drawn as a closed path", () => {
    expect(path([[0, 0], [1, 0], [1, 1.234]])).toBe("M0 0L1 0L1 1.23Z");
  });
});

describe("things", () => {
  it("lays a door along the nearest wall", () => {
    expect(wallAngle([SQUARE], [2, 0.1])).toBe(0);
    expect(wallAngle([SQUARE], [3.9, 2])).toBe(90);
  });

  it("opens a camera's cone towards its aim", () => {
    expect(cone([0, 0], [10, 0], 5, 90)).toBe("M0 0L0 -5A5 5 0 0 1 0 5Z");
  });
});

describe("labels", () => {
  it("breaks between words only", () => {
    expect(wrap("Salle d’attente des urgences", 100, 100, 10)).toEqual(["Salle d’attente", "des urgences"]);
  });

  it("stays away rather than breaking a word or leaving the room", () => {
    expect(wrap("Interprétation", 40, 100, 10)).toEqual([]);
    expect(wrap("Local technique nord", 60, 15, 10)).toEqual([]);
  });
});

describe("arrow keys", () => {
  const places = [
    { id: "east", at: [5, 0] as Point },
    { id: "far east", at: [9, 0] as Point },
    { id: "south", at: [0, 5] as Point },
  ];

  it("go to the nearest room ahead", () => {
    expect(neighbour(places, [0, 0], "ArrowRight")).toBe("east");
    expect(neighbour(places, [0, 0], "ArrowDown")).toBe("south");
  });

  it("stay where nothing lies ahead, and leave other keys alone", () => {
    expect(neighbour(places, [0, 0], "ArrowLeft")).toBeNull();
    expect(neighbour(places, [0, 0], "a")).toBeNull();
  });
});
