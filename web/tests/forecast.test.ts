import { describe, expect, it } from "vitest";

import { breadth } from "../src/lib/forecast";
import type { Effect } from "../src/lib/types";

const effect = (target: string, probability: number, state = "down"): Effect => ({
  target,
  name: target,
  kind: "asset",
  state,
  state_name: state,
  probability,
  low: 0,
  high: 1,
  earliest: 0,
  likely: null,
  by: [],
  path: [],
});

describe("breadth", () => {
  const groups = [
    { group: "care", name: "Care", effects: [effect("ward", 0.4), effect("theatre", 0.7), effect("theatre", 0.6, "degraded")] },
    { group: "it", name: "Computers", effects: [effect("pc 1", 0.9), effect("pc 2", 0.9), effect("pc 3", 0.06)] },
  ];
  it("takes one of each family before the second of any, the likeliest first", () => {
    expect(breadth(groups, 3).map((one) => one.target)).toEqual(["theatre", "pc 1", "ward"]);
  });
  it("names each thing once, and ends when there is nothing more", () => {
    expect(breadth(groups, 9).map((one) => one.target)).toEqual(["theatre", "pc 1", "ward", "pc 2"]);
    expect(breadth([], 3)).toEqual([]);
  });
});
