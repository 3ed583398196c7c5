import { describe, expect, test } from "vitest";

import { type GraphNode, HEIGHT, type ImpactGraph, WIDTH, chance, grade, picture, stateAt, step, ways } from "../src/lib/graph";

function node(id: string, layer: number, group = "it", probability = 0.5): GraphNode {
  const holds = [0, probability];
  return { id, name: id, kind: group === "care" ? "service" : "asset", group, group_name: group, layer, evidence: layer === 0 ? ["seen"] : [], probability, earliest: 0, holds, states: [{ state: "down", state_name: "Down", probability, earliest: 0, holds }] };
}

function graph(nodes: GraphNode[], edges: [string, string][]): ImpactGraph {
  return { times: [0, 3600], nodes, edges: edges.map(([of, on]) => ({ of, on, causes: [{ rule: `${of}:${on}`, text: "", source: "", share: 0.4 }] })), left_out: 0, loss: [1, 2], loss_without: [1, 2], gain: null };
}

const LARGE = graph(
  [node("seed", 0), ...Array.from({ length: 300 }, (_, index) => node(`pc${index}`, 1, "it", 1 - index / 400)), ...Array.from({ length: 30 }, (_, index) => node(`ward${index}`, 2, "care"))],
  [["seed", "pc0"], ["pc0", "ward0"], ["pc299", "ward29"]],
);

describe("what is drawn", () => {
  test("a few of each family by name, the rest as one", () => {
    const { shown, edges } = picture(LARGE, new Set());
    expect(shown.filter((one) => one.layer === 1).map((one) => [one.id, one.members.length])).toEqual([["pc0", 1], ["pc1", 1], ["pc2", 1], ["more/1/it", 297]]);
    expect(shown.filter((one) => one.layer === 2)).toHaveLength(12);
    expect(edges.map((edge) => edge.id)).toContain("more/1/it→more/2/care");
  });

  test("an opened family is whole, and nothing overlaps", () => {
    const { shown } = picture(LARGE, new Set(["1/it", "2/care"]));
    expect(shown).toHaveLength(331);
    for (const [index, one] of shown.entries())
      for (const other of shown.slice(index + 1)) expect(Math.abs(one.x - other.x) >= WIDTH || Math.abs(one.y - other.y) >= HEIGHT).toBe(true);
  });

  test("columns stand in the order of the steps", () => {
    const { shown } = picture(LARGE, new Set(["1/it"]));
    const most = (layer: number): number => Math.max(...shown.filter((one) => one.layer === layer).map((one) => one.x));
    const least = (layer: number): number => Math.min(...shown.filter((one) => one.layer === layer).map((one) => one.x));
    expect(most(0)).toBeLessThan(least(1));
    expect(most(1)).toBeLessThan(least(2));
  });

  test("evidence is never put away", () => {
    const { shown } = picture(graph(Array.from({ length: 9 }, (_, index) => node(`e${index}`, 0)), []), new Set());
    expect(shown).toHaveLength(9);
  });
});

test("arrow keys follow edges, and go up and down a column", () => {
  const drawn = picture(LARGE, new Set());
  expect(step(drawn, "", "ArrowRight")).toBe("seed");
  expect(step(drawn, "seed", "ArrowRight")).toBe("pc0");
  expect(step(drawn, "pc0", "ArrowDown")).toBe("pc1");
  expect(step(drawn, "pc0", "ArrowUp")).toBeNull();
  expect(step(drawn, "pc0", "ArrowLeft")).toBe("seed");
  expect(step(drawn, "seed", "ArrowLeft")).toBeNull();
});

test("what is chosen lights its ways, back and forth", () => {
  const { edges } = picture(LARGE, new Set());
  expect([...ways(edges, "pc0")].toSorted()).toEqual(["pc0", "seed", "ward0"]);
});

test("what holds at a time", () => {
  const one = node("a", 1);
  expect(chance([one], 0)).toBe(0);
  expect(chance([one], 1)).toBe(0.5);
  expect(stateAt(one, 0)).toBeNull();
  expect(stateAt(one, 1)?.state).toBe("down");
  expect([0, 0.02, 0.1, 0.4, 0.75].map(grade)).toEqual(["none", "low", "medium", "high", "critical"]);
});
