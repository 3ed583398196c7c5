import { expect, test } from "vitest";

import type { GraphNode, ImpactGraph } from "../src/lib/graph";
import { changes, empty } from "../src/lib/trial";

function graph(chances: Record<string, [GraphNode["kind"], number]>): ImpactGraph {
  const nodes = Object.entries(chances).map(([id, [kind, probability]]): GraphNode => ({ id, name: id, kind, group: "it", group_name: "", layer: 1, evidence: [], probability, earliest: 0, holds: [], states: [] }));
  return { times: [], nodes, edges: [], left_out: 0, loss: [0, 0], loss_without: [0, 0], gain: null };
}

test("care first, then the largest change; what vanishes and what is new counts", () => {
  const before = graph({ pc: ["asset", 0.9], ward: ["service", 0.3], same: ["asset", 0.5] });
  const after = graph({ ward: ["service", 0.1], same: ["asset", 0.505], fresh: ["asset", 0.2] });
  expect(changes(before, after).map(({ id, before: was, after: is }) => [id, was, is])).toEqual([["ward", 0.3, 0.1], ["pc", 0.9, 0], ["fresh", 0, 0.2]]);
});

test("nothing tried", () => {
  expect(empty({ spare: [], off: [], actions: [], at: 3600 })).toBe(true);
  expect(empty({ spare: [], off: [{ key: "a", text: "" }], actions: [], at: 0 })).toBe(false);
});
