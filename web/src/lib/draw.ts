/** Drawing a plan: snapping, doors in walls, corners, and what may be undone. Metres, y upwards as in the hospital's files. Pure. */

import { inside } from "./plan";
import type { Point } from "./types-site";

export interface TwoNames {
  en: string;
  fr: string;
}

export interface DrawnRoom {
  id: string;
  name: TwoNames;
  category: string;
  security: string;
  outline: Point[];
}

export interface DrawnDoor {
  id: string;
  name: TwoNames;
  line: Point[];
  between: [string, string];
}

export interface DrawnThing {
  id: string;
  name: string;
  group: string;
  zone: string | null;
  at: Point | null;
}

export interface Draft {
  rooms: DrawnRoom[];
  doors: DrawnDoor[];
  things: DrawnThing[];
}

/** Metres to which a free corner goes. */
export const GRID = 0.1;
/** Widest usual door leaf, metres. */
const LEAF = 1;
/** Metres that a door may be away from a wall when it is set. */
const REACH = 1;

/** Return `at` on the nearest corner of a room within `reach` metres, else on a wall, else on the grid; `but` is left out. */
export function snap(at: Point, rooms: DrawnRoom[], reach: number, but = ""): Point {
  let best: Point | null = null;
  let away = reach;
  for (const room of rooms) {
    if (room.id === but) continue;
    for (const corner of room.outline) {
      const distance = apart(at, corner);
      if (distance < away) [best, away] = [corner, distance];
    }
  }
  if (best) return best;
  for (const room of rooms) {
    if (room.id === but) continue;
    for (const [a, b] of walls(room.outline)) {
      const foot = footOn(at, a, b);
      const distance = apart(at, foot);
      if (distance < away) [best, away] = [foot, distance];
    }
  }
  // On a wall, and on the grid along it where the wall is straight along an axis.
  return best ? [cm(best[0]), cm(best[1])] : [grid(at[0]), grid(at[1])];
}

/** Return the rectangle between two corners; null when it has no area. */
export function rectangle([ax, ay]: Point, [bx, by]: Point): Point[] | null {
  const [left, right, low, high] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
  if (right - left < GRID || high - low < GRID) return null;
  return [[left, low], [right, low], [right, high], [left, high]];
}

/** Return the sides of a room that is a rectangle along the axes; null for any other. */
export function sides(outline: Point[]): { x: number; y: number; w: number; h: number } | null {
  const [xs, ys] = [new Set(outline.map(([x]) => x)), new Set(outline.map(([, y]) => y))];
  if (outline.length !== 4 || xs.size !== 2 || ys.size !== 2) return null;
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, w: cm(Math.max(...xs) - x), h: cm(Math.max(...ys) - y) };
}

/** Return the smallest room in which `at` lies. */
export function roomAt(rooms: DrawnRoom[], at: Point): DrawnRoom | null {
  const found = rooms.filter((room) => inside(room.outline, at)).toSorted((one, other) => surface(one.outline) - surface(other.outline));
  return found[0] ?? null;
}

export function surface(outline: Point[]): number {
  let sum = 0;
  for (const [[ax, ay], [bx, by]] of walls(outline)) sum += ax * by - bx * ay;
  return Math.abs(sum) / 2;
}

/** Return a door at `at` in the wall that two rooms share; null where there is none. */
export function doorAt(rooms: DrawnRoom[], at: Point): { line: [Point, Point]; between: [string, string] } | null {
  const near = rooms
    .map((room) => ({ room, ...nearestWall(room.outline, at) }))
    .filter((one) => one.away <= REACH)
    .toSorted((one, other) => one.away - other.away);
  const [one, other] = near;
  if (!one || !other) return null;
  const [a, b] = one.wall;
  const length = apart(a, b);
  const half = Math.min(LEAF, length) / 2;
  const along = Math.min(length - half, Math.max(half, ((at[0] - a[0]) * (b[0] - a[0]) + (at[1] - a[1]) * (b[1] - a[1])) / length));
  const point = (where: number): Point => [cm(a[0] + (where / length) * (b[0] - a[0])), cm(a[1] + (where / length) * (b[1] - a[1]))];
  return { line: [point(along - half), point(along + half)], between: [one.room.id, other.room.id] };
}

/** Return `outline` with corner number `index` at `at`; the walls of a rectangle stay along the axes. */
export function moveCorner(outline: Point[], index: number, at: Point): Point[] {
  const corner = outline[index];
  if (!corner) return outline;
  if (!sides(outline)) return outline.map((one, number) => (number === index ? at : one));
  return outline.map(([x, y]) => [x === corner[0] ? at[0] : x, y === corner[1] ? at[1] : y]);
}

/** Return `outline` with a further corner in the middle of wall number `index`. */
export function splitWall(outline: Point[], index: number): Point[] {
  const [a, b] = [outline[index], outline[(index + 1) % outline.length]];
  if (!a || !b) return outline;
  return [...outline.slice(0, index + 1), [cm((a[0] + b[0]) / 2), cm((a[1] + b[1]) / 2)], ...outline.slice(index + 1)];
}

/** Return `draft` with room `id` moved, and its doors and things with it. */
export function moveRoom(draft: Draft, id: string, [dx, dy]: Point): Draft {
  const moved = ([x, y]: Point): Point => [cm(x + dx), cm(y + dy)];
  return {
    rooms: draft.rooms.map((room) => (room.id === id ? { ...room, outline: room.outline.map(moved) } : room)),
    doors: draft.doors,
    things: draft.things.map((thing) => (thing.zone === id && thing.at ? { ...thing, at: moved(thing.at) } : thing)),
  };
}

/** Return `draft` without room `id` and its doors; its things stand nowhere then. */
export function removeRoom(draft: Draft, id: string): Draft {
  return {
    rooms: draft.rooms.filter((room) => room.id !== id),
    doors: draft.doors.filter((door) => !door.between.includes(id)),
    things: draft.things.map((thing) => (thing.zone === id ? { ...thing, zone: null, at: null } : thing)),
  };
}

/** Return an id that nothing in `taken` has: `base`, small letters without accents. */
export function freshId(base: string, taken: Iterable<string>): string {
  const known = new Set(taken);
  const id = base.normalize("NFD").replace(/[̀-ͯ]/g, "").toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 72) || "room";
  if (!known.has(id)) return id;
  let number = 2;
  while (known.has(`${id}.${number}`)) number += 1;
  return `${id}.${number}`;
}

/** What was drawn before and after: undo and redo. */
export class History<T> {
  private readonly past: T[] = [];
  private future: T[] = [];
  /** Steps that are kept (chosen: an hour of drawing). */
  static readonly MOST = 500;

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Remember `before`, which is about to change. */
  keep(before: T): void {
    this.past.push(before);
    if (this.past.length > History.MOST) this.past.shift();
    this.future = [];
  }

  undo(now: T): T {
    const before = this.past.pop();
    if (before === undefined) return now;
    this.future.push(now);
    return before;
  }

  redo(now: T): T {
    const after = this.future.pop();
    if (after === undefined) return now;
    this.past.push(now);
    return after;
  }
}

export function apart([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(ax - bx, ay - by);
}

export function walls(outline: Point[]): [Point, Point][] {
  return outline.map((corner, index) => [corner, outline[(index + 1) % outline.length] as Point]);
}

function nearestWall(outline: Point[], at: Point): { away: number; wall: [Point, Point] } {
  const ranked = walls(outline)
    .filter(([a, b]) => apart(a, b) > 0)
    .map((wall) => ({ away: apart(at, footOn(at, ...wall)), wall }))
    .toSorted((one, other) => one.away - other.away);
  return ranked[0] ?? { away: Infinity, wall: [at, at] };
}

function footOn([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): Point {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length));
  return [ax + share * dx, ay + share * dy];
}

function grid(value: number): number {
  return cm(Math.round(value / GRID) * GRID);
}

function cm(value: number): number {
  return Math.round(value * 100) / 100;
}
