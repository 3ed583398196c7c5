/** What a person tries out on the impact graph, and what it changes. Pure. */

import type { ImpactGraph } from "./graph";

export interface Trial {
  /** Things kept from harm. */
  spare: string[];
  /** Rules that hold no more. */
  off: { key: string; text: string }[];
  /** Actions of the plan. */
  actions: string[];
  /** Seconds from which on the first two hold. */
  at: number;
}

export interface Changed {
  id: string;
  name: string;
  before: number;
  after: number;
}

/** Least change of a chance that is told: one point. */
const POINT = 0.01;

export function empty(trial: Trial): boolean {
  return trial.spare.length + trial.off.length + trial.actions.length === 0;
}

/** Return the things whose chance of ever being hit changes, care first, the largest change first. */
export function changes(before: ImpactGraph, after: ImpactGraph): Changed[] {
  const then = new Map(after.nodes.map((node) => [node.id, node]));
  const known = new Set(before.nodes.map((node) => node.id));
  const both = [...before.nodes, ...after.nodes.filter((node) => !known.has(node.id))];
  return both
    .map((node) => ({ id: node.id, name: node.name, care: node.kind === "service", before: known.has(node.id) ? node.probability : 0, after: then.get(node.id)?.probability ?? 0 }))
    .filter((one) => Math.abs(one.after - one.before) >= POINT)
    .toSorted((one, other) => Number(other.care) - Number(one.care) || Math.abs(other.after - other.before) - Math.abs(one.after - one.before));
}
