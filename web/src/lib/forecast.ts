/** What of a forecast is shown where there is little room. Pure. */

import type { Effect, Forecast } from "./types";

/** Chosen: what is less likely than one in ten waits for the page of the incident. */
const LIKELY = 0.1;

/** Return at most `count` effects: the likeliest of each family in the order of the families, then the second ones, ... */
export function breadth(groups: Forecast["groups"], count: number): Effect[] {
  const ranked = groups.map((group) => {
    const seen = new Set<string>();
    return group.effects
      .toSorted((one, other) => other.probability - one.probability || one.earliest - other.earliest)
      .filter((effect) => effect.probability >= LIKELY && !seen.has(effect.target) && seen.add(effect.target));
  });
  const found: Effect[] = [];
  for (let round = 0; found.length < count && ranked.some((effects) => effects.length > round); round += 1) {
    found.push(...ranked.flatMap((effects) => effects.slice(round, round + 1)));
  }
  return found.slice(0, count);
}
