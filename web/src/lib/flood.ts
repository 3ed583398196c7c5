/** When alarms come faster than one person can follow, the list shows incidents instead of alerts. Pure. */

import { rank } from "./levels";
import type { ListedAlert } from "./types";

/** Milliseconds and alarms: as on the server (console/board.py, EEMUA 191). */
const WINDOW = 600_000;
const LIMIT = 10;

/** Alerts of one incident, or (null) those that belong to none: never left out, only told together. */
export interface Group {
  incident: string | null;
  alerts: ListedAlert[];
  /** The one that stands for all. */
  gravest: ListedAlert;
}

/** Return how many of `alerts` are of the last ten minutes before `now` (ms), and whether that is a flood. */
export function flood(alerts: ListedAlert[], now: number): { count: number; flooded: boolean } {
  const count = alerts.filter((one) => now - Date.parse(one.last) <= WINDOW).length;
  return { count, flooded: count > LIMIT };
}

/** Return `alerts` by incident, the gravest first, then the latest. */
export function groups(alerts: ListedAlert[]): Group[] {
  const found = new Map<string | null, ListedAlert[]>();
  for (const one of alerts) found.set(one.incident, [...(found.get(one.incident) ?? []), one]);
  const grave = (one: ListedAlert, other: ListedAlert): number => rank(other.level) - rank(one.level) || other.severity - one.severity || other.last.localeCompare(one.last);
  return [...found]
    .map(([incident, members]) => {
      const sorted = members.toSorted(grave);
      return { incident, alerts: sorted, gravest: sorted[0]! };
    })
    .toSorted((one, other) => grave(one.gravest, other.gravest));
}
