/** What the server tells of what may break. */

import type { Named } from "./types";

export interface Hop {
  text: string;
  after: number;
  source: string;
}

export interface Effect {
  target: string;
  name: string;
  kind: "asset" | "service";
  state: string;
  state_name: string;
  probability: number;
  low: number;
  high: number;
  earliest: number;
  likely: [number, number, number] | null;
  by: [number, number, number, number][];
  path: Hop[];
}

export interface Loss {
  service: string;
  name: string;
  hours_down: number;
  patients: number;
  fallback: string | null;
}

/** What all services lose together within the horizon, as means. Figures that are 0 are left out. */
export interface Totals {
  beds?: number;
  operations?: number;
  appointments?: number;
  diversion?: number;
  records?: number;
}

export interface Forecast {
  at: string;
  horizon: number;
  samples: number;
  /** A first estimate from few courses; a better one follows. */
  rough: boolean;
  groups: { group: string; name: string; effects: Effect[] }[];
  losses: Loss[];
  loss: [number, number];
  endangered: number;
  totals: Totals;
  unknown: Named[];
}

/** A damaged thing, or a service: share of courses, and seconds until it is back (10, 50, 90 %; null: later). */
export interface Back {
  id: string;
  name: string;
  probability: number;
  back: (number | null)[];
}

/** What so many crews bring back; losses in patient-hours within `horizon` seconds. */
export interface Recovery {
  crews: number;
  order: Back[];
  services: Back[];
  loss_without: number;
  loss: number;
  horizon: number;
}

/** One table of the risk study. */
export interface RiskTable {
  name: string;
  head: string[];
  rows: (string | number)[][];
}
