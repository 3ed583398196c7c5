/** What the back end answers about arranging incidents and about suppressions. As in types.ts. */

import type { Named, Verdict } from "./types";

export type ChangeKind = "merge" | "split" | "detach" | "attach";

export interface Arrangement {
  id: string;
  change: ChangeKind;
  at: string;
  who: string;
  other: Named | null;
  alerts: Named[];
  comment: string;
  /** What turns it back: reopen `other`, or a change of the alerts; empty when it was turned back already. */
  undo: "" | "reopen" | "attach" | "detach";
}

export interface Similar {
  id: string;
  title: string;
  opened: string;
  verdict: Verdict;
  alerts: number;
  likeness: number;
}

export interface Window {
  id: string;
  window: "suppression" | "maintenance";
  reason: string;
  author: string;
  rules: string[];
  assets: Named[];
  zones: Named[];
  severity: number;
  begins: string;
  expires: string;
  ended: boolean;
  holds: boolean;
  hidden: number;
}

export interface Hidden {
  alerts: number;
  of: number;
  incidents: number;
  days: number;
  sentence: string;
  gravest: string[];
}

/** Split what a person typed into names, at blanks and commas. */
export function names(typed: string): string[] {
  return [...new Set(typed.split(/[\s,;]+/).filter(Boolean))];
}

/** Return the time `hours` after `now` (milliseconds) as ISO 8601. */
export function after(now: number, hours: number): string {
  return new Date(now + hours * 3_600_000).toISOString();
}
