/** What is drawn into a camera's picture: areas, lines, masks and the calibration. Pixels of the picture, y downwards. Pure. */

import { freshId } from "./draw";
import type { Point } from "./types-site";

export const KINDS = ["intrusion", "line", "loitering", "crowd", "counterflow", "running", "abandoned", "removed", "down", "fire"] as const;
export type Kind = (typeof KINDS)[number];

export interface Zone {
  id: string;
  kind: Kind;
  polygon?: Point[];
  line?: Point[];
  direction?: "both" | "to_right" | "to_left";
  towards?: Point;
  hours?: string;
  seconds?: number | null;
  people?: number | null;
  speed?: number | null;
  zone?: string | null;
  door?: string | null;
}

/** Points that are not set yet are null. */
export interface Pairs {
  picture: (Point | null)[];
  floor: (Point | null)[];
}

export interface ZonesFile {
  zones: Zone[];
  /** Picture that the coordinates belong to; [0, 0]: nobody has said. */
  size: [number, number];
  coordinates: "pixels" | "fractions" | "metres";
  calibration: Pairs | null;
  masks: Point[][];
}

/** One outline on the picture. `key` names it: `zone 0`, `mask 2`. */
export interface Shape {
  key: string;
  name: string;
  points: Point[];
  closed: boolean;
}

/** Return `file` as it is drawn on: in pixels of a picture of `size` where that says the same. */
export function opened(file: ZonesFile, size: [number, number] | null): ZonesFile {
  if (file.coordinates === "fractions" && (size || !file.calibration)) {
    const [wide, high] = size ?? [1000, 1000];
    const scaled = (points: Point[]): Point[] => points.map(([x, y]) => [tenth(x * wide), tenth(y * high)]);
    const zones = file.zones.map((zone) => ({ ...zone, ...(zone.polygon ? { polygon: scaled(zone.polygon) } : {}), ...(zone.line ? { line: scaled(zone.line) } : {}) }));
    return { ...file, zones, masks: file.masks.map(scaled), coordinates: "pixels", size: [wide, high] };
  }
  if (file.size[0] > 0 || file.coordinates === "fractions") return file;
  if (size) return { ...file, size };
  return file.zones.length > 0 || file.calibration ? file : { ...file, size: [640, 360] };
}

/** Return whether the zones lie on the picture: those in metres lie on the floor. */
export function onPicture(file: ZonesFile): boolean {
  return file.coordinates === "pixels";
}

/** Return width and height of the drawing: the size of the file, else what its points need. */
export function frame(file: ZonesFile): [number, number] {
  if (file.size[0] > 0) return file.size;
  const points = shapes(file).flatMap((shape) => shape.points);
  return [Math.max(640, ...points.map(([x]) => x)), Math.max(360, ...points.map(([, y]) => y))];
}

export function shapes(file: ZonesFile): Shape[] {
  return [
    ...file.zones.map((zone, index) => ({ key: `zone ${index}`, name: zone.id, points: zone.kind === "line" ? (zone.line ?? []) : (zone.polygon ?? []), closed: zone.kind !== "line" })),
    ...file.masks.map((points, index) => ({ key: `mask ${index}`, name: "", points, closed: true })),
  ];
}

/** Return `file` with other points for the shape `key`. */
export function reshaped(file: ZonesFile, key: string, points: Point[]): ZonesFile {
  const [list, number] = key.split(" ");
  const index = Number(number);
  if (list === "mask") return { ...file, masks: file.masks.map((one, at) => (at === index ? points : one)) };
  return { ...file, zones: file.zones.map((one, at) => (at !== index ? one : one.kind === "line" ? { ...one, line: points } : { ...one, polygon: points })) };
}

/** Return `file` with one more shape, and its key. */
export function added(file: ZonesFile, kind: "area" | "line" | "mask", points: Point[]): [ZonesFile, string] {
  if (kind === "mask") return [{ ...file, masks: [...file.masks, points] }, `mask ${file.masks.length}`];
  const id = freshId(kind === "line" ? "line-1" : "area-1", file.zones.map((zone) => zone.id));
  const zone: Zone = kind === "line" ? { id, kind: "line", line: points, direction: "both" } : { id, kind: "intrusion", polygon: points };
  return [{ ...file, zones: [...file.zones, zone] }, `zone ${file.zones.length}`];
}

export function removed(file: ZonesFile, key: string): ZonesFile {
  const [list, number] = key.split(" ");
  const keep = (_: unknown, index: number): boolean => index !== Number(number);
  return list === "mask" ? { ...file, masks: file.masks.filter(keep) } : { ...file, zones: file.zones.filter(keep) };
}

/** Return zone `zone` as another kind: a line keeps two points of an area, an area all of a line. */
export function turned(zone: Zone, kind: Kind): Zone {
  const { polygon, line, direction, ...rest } = zone;
  const points = polygon ?? line ?? [];
  if (kind === "line") return { ...rest, kind, line: points.slice(0, 2), direction: direction ?? "both" };
  const { door: _, ...area } = rest;
  return points.length > 0 ? { ...area, kind, polygon: points } : { ...area, kind };
}

/** Return what is sent: without anything that nobody has filled in. */
export function sent(file: ZonesFile): object {
  const filled = (zone: Zone): object => Object.fromEntries(Object.entries(zone).filter(([name, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0) && !(name === "towards" && value.every((part: number) => part === 0))));
  const set = (points: (Point | null)[]): Point[] => points.filter((point) => point !== null);
  return {
    ...(file.size[0] > 0 ? { size: file.size } : {}),
    coordinates: file.coordinates,
    ...(file.calibration ? { calibration: { picture: set(file.calibration.picture), floor: set(file.calibration.floor) } } : {}),
    ...(file.masks.length > 0 ? { masks: file.masks } : {}),
    zones: file.zones.map(filled),
  };
}

/** Return `points` with one more in the middle of the last side. */
export function extended(points: Point[], size: [number, number]): Point[] {
  const [last, first] = [points.at(-1), points[0]];
  if (!last || !first || points.length < 2) return [...points, [tenth(size[0] / 2), tenth(size[1] / 2)]];
  return [...points, [tenth((last[0] + first[0]) / 2), tenth((last[1] + first[1]) / 2)]];
}

/** Return an area in the middle of the picture, for those who draw by numbers. */
export function start(kind: "area" | "line" | "mask", [wide, high]: [number, number]): Point[] {
  const at = (x: number, y: number): Point => [tenth(x * wide), tenth(y * high)];
  return kind === "line" ? [at(0.5, 0.75), at(0.5, 0.25)] : [at(0.25, 0.25), at(0.75, 0.25), at(0.75, 0.75), at(0.25, 0.75)];
}

export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
