/** What the back end answers about people, their phones and ways in, the crisis log and the rules. As in types.ts. */

import type { Named } from "./types";

export type CrisisKind = "decision" | "call" | "instruction" | "observation" | "note";

export interface Device {
  id: string;
  name: string;
  created: string;
  asked: string | null;
  heard: string | null;
  silent: boolean;
}

export interface Access {
  passkeys: { id: string; name: string; created: string; used: string | null }[];
  totp: string | null;
  totp_closed: boolean;
  backup_left: number;
}

export interface User {
  id: string;
  name: string;
  role: string;
  role_name: string;
  site: string | null;
  site_name: string;
  /** Rooms, storeys and buildings that the person is kept to; none: the whole site. */
  zones: { id: string; name: string }[];
  created: string;
  revoked: string | null;
  sessions: { id: string; opened: string; expires: string; agent: string; live: boolean }[];
  devices: Device[];
  ways: ("passkey" | "totp" | "backup")[];
}

export interface AlarmLoad {
  operators: number;
  now: number;
  peak: number;
  peak_at: string | null;
  mean: number;
  limit: number;
  /** Share (0-1) by level. */
  shares: Partial<Record<string, number>>;
  alarms: number;
}

export interface Channels {
  channels: {
    name: string;
    missing: string;
    roles: Named[];
    tests: { role: string; at: string; outcome: string; reason: string | null }[];
  }[];
  routes: {
    id: string;
    severity: number;
    sites: Named[];
    zones: Named[];
    domains: string[];
    shifts: string[];
    in_force: boolean;
    levels: Named[][];
    answer_within: number;
    channels: string[];
  }[];
}

export interface CrisisEntry {
  number: number;
  id: string;
  /** When it was, and when the platform took it. */
  at: string;
  written: string;
  who: string;
  role: string;
  entry: CrisisKind;
  entry_name: string;
  words: string;
  to: string;
  incident: string | null;
  /** Number of the line that this one puts right. */
  corrects: number | null;
  hash: string;
  exercise: string;
}

export interface Rule {
  rule: string;
  domain: string;
  alerts: number;
  incidents: number;
  true: number;
  benign: number;
  false: number;
  open: number;
  last: string | null;
  active: boolean;
  /** Severity, and how many of its alerts were below. */
  below: [number, number][];
}

export interface SiteReport {
  id: string;
  at: string;
  who: string;
  role: string;
  zone: Named | null;
  words: string;
  panic: boolean;
  picture: string | null;
  voice: string | null;
}
