import { describe, expect, it } from "vitest";

import { spread, ticks } from "../src/lib/lane";

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

describe("ticks", () => {
  it("are even and within the line", () => {
    const hour = 3_600_000;
    expect(ticks(0, hour, 6)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => (n * hour) / 6));
  });
});
