/** What the back end answers about the platform itself. Times as ISO 8601 UTC, durations in seconds. */

import type { Named } from "./types";

export interface Health {
  sources: { door: string; source: string; state: string; detail: string; last: string | null; events: number; rejects: number }[];
  stages: { group: string; lag: number; alive: boolean }[];
  parts_missing: { name: string; reason: string }[];
  disk: { free_mb: number; reserve_mb: number; refusing: boolean };
  /** The keys that seal secrets are outside of the data folder. */
  keys_apart: boolean;
  memory_mb: number;
  started: string;
  version: string;
}

export interface Held {
  id: string;
  at: string;
  age: number;
  door: string;
  peer: string;
  size: number;
  type: string;
  verdict: string;
  why: string[];
  state: string;
  stands: string;
  who: string;
  decided: string | null;
  reason: string;
  answer: string;
  may_release: boolean;
  may_discard: boolean;
}

export interface Reject {
  id: string;
  at: string;
  door: string;
  size: number;
  reason: string;
  place: string;
}

export interface Station {
  ip: string;
  state: "known" | "doubtful" | "unknown" | "unheard";
  name: string;
  mac: string;
  maker: string;
  asset: Named | null;
  zone: Named | null;
  first: string | null;
  last: string | null;
  says: { system: string; value: string }[];
  doubts: string[];
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  act: string;
  about: string;
  detail: unknown;
  hash: string;
}

export interface Scenario {
  name: string;
  title: string;
  description: string;
  steps: number;
  quiet: boolean;
}

export interface ScenarioRun {
  name: string;
  state: "running" | "passed" | "failed";
  started: string;
  steps: {
    step: number;
    title: string;
    input: string;
    expected: string;
    alert: string | null;
    latency: number | null;
    ok: boolean | null;
    told: string[];
  }[];
  checks: { name: string; ok: boolean; detail: string }[];
}
