/** What the back end answers. Texts come in the reader's language, times as ISO 8601 UTC, durations in seconds. */

import type { Point } from "./types-site";

export type Level = "critical" | "high" | "medium" | "low";
export type Language = "en" | "fr";
export interface Named {
  id: string;
  name: string;
}

export interface Me {
  user: string;
  name: string;
  role: string;
  language: Language;
  hospital: Named;
  exercise: { scenario: string; title: string; since: string } | null;
  timezone: string;
}

export type IncidentState = "new" | "validated" | "contained" | "closed";
export type Verdict = "" | "true" | "benign" | "false";

export interface Card {
  id: string;
  revision: number;
  state: IncidentState;
  level: Level;
  severity: number;
  title: string;
  site: string;
  zones: Named[];
  opened: string;
  updated: string;
  alerts: number;
  combined: boolean;
  domains: string[];
  acknowledged: boolean;
  validated_by: string;
  verdict: Verdict;
  into: string | null;
  /** The scenario that ran when it began; empty: none did. */
  exercise: string;
}

export interface Board {
  seq: number;
  at: string;
  sites: Named[];
  incidents: Card[];
  counts: { events: number; alerts: number; incidents_open: number; notices_open: number; rejects: number };
  flood: { alarms_10min: number; limit: number };
  last_data: string | null;
}

export interface Alert {
  id: string;
  rule: string;
  domain: "cyber" | "physical";
  title: string;
  why: string[];
  severity: number;
  level: Level;
  confidence: number;
  first: string;
  last: string;
  assets: Named[];
  zones: Named[];
  techniques: string[];
  still: string | null;
  events: number;
}

export interface ListedAlert extends Alert {
  incident: string | null;
  exercise: string;
}

export interface Clip {
  id: string;
  address: string;
  camera: string;
  at: string;
  seconds: number;
  until: string;
  clear: boolean;
}

export interface Link {
  alert: Alert;
  to: string | null;
  score: number;
  why: string;
  clips: Clip[];
  missing: string[];
}

export interface Receipt {
  outcome: string;
  who: string;
  channel: string;
  at: string;
  reason: string | null;
}

export interface IncidentNotice {
  id: string;
  role: string;
  role_name: string;
  channel: string;
  level: number;
  at: string;
  title: string;
  answer_by: string | null;
  receipts: Receipt[];
}

/** One line of an incident's time line. */
export interface Moment {
  at: string;
  lane: string;
  what: string;
  who: string;
  detail: string;
  decision: boolean;
}

export interface Incident extends Card {
  story: string[];
  links: Link[];
  notices: IncidentNotice[];
  /** Why nobody was reached; empty when somebody was. */
  untold: string[];
  history: { revision: number; at: string; state: IncidentState; severity: number; alerts: number }[];
}

export type { Back, Effect, Forecast, Hop, Loss, Recovery, RiskTable, Totals } from "./types.forecast";

export type ApprovalStep = "security" | "clinical";
export interface Approval {
  step: ApprovalStep;
  actor: string;
  at: string;
  decision: "approved" | "refused";
  comment: string;
}

export interface Action {
  id: string;
  title: string;
  rank: number;
  gain: number;
  gain_low: number;
  gain_high: number;
  best: number;
  tail: number;
  worst: number;
  safer: number;
  pareto: boolean;
  cost: number;
  cost_text: string[];
  why: string[];
  steps: { role: string; role_name: string; text: string }[];
  needs: ApprovalStep[];
  reversible: boolean;
  infeasible: string | null;
  techniques: string[];
  state: "proposed" | "approved" | "refused" | "done" | "expired";
  approvals: Approval[];
}

export interface Plan {
  id: string;
  revision: number;
  at: string;
  expires: string;
  rough: boolean;
  actions: Action[];
  procedures: Procedure[];
}

export interface OpenStep {
  key: string;
  role: string;
  role_name: string;
  text: string;
  question: boolean;
}

/** A playbook that people follow step by step. */
export interface Procedure {
  id: string;
  title: string;
  description: string;
  why: string[];
  steps: { role: string; role_name: string; text: string }[];
  frameworks: string[];
  techniques: string[];
  state: "proposed" | "running" | "finished" | "stopped";
  open: OpenStep[];
  taken: { text: string; outcome: "success" | "failure" | "skipped" | "yes" | "no"; actor: string; at: string; comment: string }[];
  begun_by: string;
  begun_at: string | null;
}

export interface GuardNotice {
  id: string;
  /** Name of the role that it is for, and whether the visitor is meant. */
  role_name: string;
  mine: boolean;
  incident: string;
  revision: number;
  /** Revision that last brought news: answers to earlier ones do not count for it. */
  since: number;
  /** The same notice by all its channels; a push message may name any of them. */
  ids: string[];
  level: Level;
  title: string;
  body: string;
  zone: { id: string; name: string; level_id: string; outline: Point[] } | null;
  still: string | null;
  at: string;
  /** Which answers may be given. */
  answers: string[];
  done: boolean;
  /** Which were given. */
  given: { answer: string; who: string; at: string; mine: boolean }[];
  /** The scenario that ran when it was sent; empty: none did. */
  exercise: string;
}

/** One message of the live stream: something of `topic` changed. */
export interface Change {
  topic: string;
  id: string;
  incident?: string;
  level?: Level;
  title?: string;
  /** A new revision of an incident, whole: shown at once. */
  card?: Card;
  ring?: boolean;
}
