/** Geometry of floor plans. Metres; on the plan y points up, on the screen down: everything here is in screen direction. */

import type { Point } from "./types-site";

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Turn a point of the plan into screen direction. */
export function flip([x, y]: Point): Point {
  return [x, -y];
}

/** Return the box around `points`, with `margin` metres on all sides. */
export function around(points: Point[], margin = 0): Box {
  if (points.length === 0) return { x: 0, y: 0, w: 1, h: 1 };
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return {
    x: left - margin,
    y: top - margin,
    w: Math.max(...xs) - left + 2 * margin,
    h: Math.max(...ys) - top + 2 * margin,
  };
}

/** Return what two boxes have in common; without width or height when they do not touch. */
export function common(one: Box, other: Box): Box {
  const [x, y] = [Math.max(one.x, other.x), Math.max(one.y, other.y)];
  return {
    x,
    y,
    w: Math.max(0, Math.min(one.x + one.w, other.x + other.w) - x),
    h: Math.max(0, Math.min(one.y + one.h, other.y + other.h) - y),
  };
}

/** Return `box` widened around its middle until it has the shape `width` to `height`. */
export function shaped(box: Box, width: number, height: number): Box {
  if (width <= 0 || height <= 0) return box;
  const ratio = width / height;
  if (box.w / box.h < ratio) {
    const w = box.h * ratio;
    return { x: box.x - (w - box.w) / 2, y: box.y, w, h: box.h };
  }
  const h = box.w / ratio;
  return { x: box.x, y: box.y - (h - box.h) / 2, w: box.w, h };
}

/** Return `box` made `factor` times as large (below 1: closer), with the point (`fx`, `fy`: shares of the box) held still. */
export function zoomed(box: Box, factor: number, fx = 0.5, fy = 0.5): Box {
  const [w, h] = [box.w * factor, box.h * factor];
  return { x: box.x + (box.w - w) * fx, y: box.y + (box.h - h) * fy, w, h };
}

/** Two fingers at two moments, pixels from the left upper corner of what is seen. */
export interface Pinch {
  from: [Point, Point];
  to: [Point, Point];
}

/** Return `box` after a pinch: what was between the fingers stays there. `width`: pixels; `least` and `most`: metres across. */
export function pinched(box: Box, { from, to }: Pinch, width: number, least: number, most: number): Box {
  const apart = ([one, other]: [Point, Point]): number => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
  const between = ([one, other]: [Point, Point]): Point => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  const w = Math.min(most, Math.max(least, (box.w * apart(from)) / apart(to)));
  const [before, after] = [box.w / width, w / width];
  const [[ax, ay], [bx, by]] = [between(from), between(to)];
  return { x: box.x + ax * before - bx * after, y: box.y + ay * before - by * after, w, h: (box.h * w) / box.w };
}

/** Return the area of a ring without sign. */
export function area(ring: Point[]): number {
  return Math.abs(signedArea(ring));
}

function signedArea(ring: Point[]): number {
  let sum = 0;
  for (const [index, [x, y]] of ring.entries()) {
    const [nx, ny] = ring[(index + 1) % ring.length] as Point;
    sum += x * ny - nx * y;
  }
  return sum / 2;
}

/** Return the point where a label stands: the centroid if it lies inside, else the middle of the widest span at its height. */
export function middle(ring: Point[]): Point {
  const whole = signedArea(ring);
  if (Math.abs(whole) < 1e-9) return ring[0] ?? [0, 0];
  let [cx, cy] = [0, 0];
  for (const [index, [x, y]] of ring.entries()) {
    const [nx, ny] = ring[(index + 1) % ring.length] as Point;
    const cross = x * ny - nx * y;
    cx += (x + nx) * cross;
    cy += (y + ny) * cross;
  }
  const centre: Point = [cx / (6 * whole), cy / (6 * whole)];
  if (inside(ring, centre)) return centre;
  const [from, to] = widest(ring, centre[1]);
  return [(from + to) / 2, centre[1]];
}

/** True when `point` lies in `ring` (even-odd rule). */
export function inside(ring: Point[], [px, py]: Point): boolean {
  let found = false;
  for (const [index, [x, y]] of ring.entries()) {
    const [nx, ny] = ring[(index + 1) % ring.length] as Point;
    if (y > py !== ny > py && px < ((nx - x) * (py - y)) / (ny - y) + x) found = !found;
  }
  return found;
}

/** Return the widest span of `ring` at height `y`. */
export function widest(ring: Point[], y: number): [number, number] {
  const cuts: number[] = [];
  for (const [index, [ax, ay]] of ring.entries()) {
    const [bx, by] = ring[(index + 1) % ring.length] as Point;
    if (ay > y !== by > y) cuts.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
  }
  cuts.sort((one, other) => one - other);
  let best: [number, number] = [0, 0];
  for (let index = 0; index + 1 < cuts.length; index += 2) {
    const span: [number, number] = [cuts[index] ?? 0, cuts[index + 1] ?? 0];
    if (span[1] - span[0] > best[1] - best[0]) best = span;
  }
  return best;
}

/** Return the direction (degrees) of the wall of `rings` that is nearest to `at`: a door lies in it. */
export function wallAngle(rings: Point[][], at: Point): number {
  let best = Infinity;
  let angle = 0;
  for (const ring of rings) {
    for (const [index, a] of ring.entries()) {
      const b = ring[(index + 1) % ring.length] as Point;
      const away = distanceToSegment(at, a, b);
      if (away < best) {
        best = away;
        angle = (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI;
      }
    }
  }
  return ((angle % 180) + 180) % 180;
}

function distanceToSegment([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length));
  return Math.hypot(px - (ax + share * dx), py - (ay + share * dy));
}

/** Return the path of a camera's cone: from `at` towards `aim`, `reach` metres long. The angle is a sign, not a survey. */
export function cone(at: Point, aim: Point, reach: number, halfAngle = 32): string {
  const heading = Math.atan2(aim[1] - at[1], aim[0] - at[0]);
  const half = (halfAngle * Math.PI) / 180;
  const corner = (turn: number): string =>
    `${round(at[0] + reach * Math.cos(heading + turn))} ${round(at[1] + reach * Math.sin(heading + turn))}`;
  return `M${round(at[0])} ${round(at[1])}L${corner(-half)}A${reach} ${reach} 0 0 1 ${corner(half)}Z`;
}

export function path(ring: Point[]): string {
  return `M${ring.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Mean width of a letter as share of the font size (Inter, measured over French room names: 0.52 to 0.56). */
const LETTER = 0.56;
/** Distance of lines, as share of the font size. */
export const LEADING = 1.15;

/** Break `name` into lines that fit `width` x `height` (same unit as `size`); empty when it does not fit. Words stay whole. */
export function wrap(name: string, width: number, height: number, size: number): string[] {
  const fits = (text: string): boolean => text.length * LETTER * size <= width;
  const lines: string[] = [];
  for (const word of name.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && fits(`${last} ${word}`)) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.every(fits) && lines.length * LEADING * size <= height ? lines : [];
}

/** Return the id of the nearest of `places` from `from` in a direction of the arrow keys; null if there is none. */
export function neighbour(places: { id: string; at: Point }[], from: Point, key: string): string | null {
  const directions: Record<string, Point> = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const direction = directions[key];
  if (!direction) return null;
  let best: { id: string; cost: number } | null = null;
  for (const { id, at } of places) {
    const [dx, dy] = [at[0] - from[0], at[1] - from[1]];
    const ahead = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    // Within 60 degrees of the arrow; a step aside counts double.
    if (ahead <= 0.01 || aside > ahead * 1.74) continue;
    const cost = ahead + 2 * aside;
    if (!best || cost < best.cost) best = { id, cost };
  }
  return best?.id ?? null;
}
