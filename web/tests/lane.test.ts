import { describe, expect, it } from "vitest";

import { bundled, spread, ticks } from "../src/lib/lane";

describe("marks on a time line", () => {
  it("stand where they belong when there is room", () => {
    expect(spread([0, 50, 100], 0, 100, 0.1)).toEqual([0, 0.5, 1]);
  });

  it("keep their distance and their order, and stay on the line", () => {
    const places = spread([98, 99, 100, 10], 0, 100, 0.1);
    expect(places[3]).toBeCloseTo(0.1);
    expect(places[2]).toBeCloseTo(1);
    expect(places[1]).toBeCloseTo(0.9);
    expect(places[0]).toBeCloseTo(0.8);
  });

  it("share the line evenly when there are too many", () => {
    const places = spread(Array.from({ length: 50 }, () => 5), 0, 10, 0.1);
    expect(Math.min(...places)).toBeCloseTo(0);
    expect(Math.max(...places)).toBeLessThanOrEqual(1);
  });
});

describe("bundles", () => {
  const marks = (...times: number[]): { at: number }[] => times.map((at) => ({ at }));

  it("leave marks alone that fit", () => {
    expect(bundled(marks(1, 1, 2), 3)).toEqual([marks(1), marks(1), marks(2)]);
    expect(bundled([], 3)).toEqual([]);
  });

  it("hold every mark, in order, and are no more than there is room for", () => {
    const many = marks(...Array.from({ length: 1000 }, (_, index) => index * index));
    const found = bundled(many, 20);
    expect(found.length).toBeLessThanOrEqual(20);
    expect(found.flat()).toEqual(many);
    expect(bundled(marks(5, 5, 5), 2)).toEqual([marks(5, 5, 5)]);
  });
});

describe("ticks", () => {
  it("stay few when a device's clock stands in 1970", () => {
    expect(ticks(0, Date.UTC(2026, 10, 26), 6).length).toBeLessThanOrEqual(7);
  });

  it("are even and within the line", () => {
    const hour = 3_600_000;
    expect(ticks(0, hour, 6)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => (n * hour) / 6));
  });
});
