/** What the back end answers about the site: care, storeys and their plans. Lengths in metres. */

import type { Level, Named } from "./types";

export interface Figure {
  value: string | number | boolean;
  at: string;
  by: string;
}

export type FigureName = "open" | "beds" | "occupied" | "staff" | "rooms" | "diversion";

/** A care service: what is said of it now, and what open incidents may do to it. */
export interface Care extends Named {
  kind: string;
  site: string;
  site_name: string;
  planned_beds: number;
  figures: Partial<Record<FigureName, Figure>>;
  expected: { incident: string; state: string; state_name: string; probability: number; earliest: number; at: string; hours_down: number }[];
  fallback: string | null;
}

export interface SiteLevels extends Named {
  levels: (Named & { building: string; building_name: string; ordinal: number })[];
}

export type Point = [number, number];

export interface PlanZone extends Named {
  category: string;
  security: string;
  outline: Point[];
}

export interface PlanAsset extends Named {
  kind: string;
  group: string;
  at: Point | null;
  zone: string | null;
}

export interface FloorLevel extends Named {
  zones: PlanZone[];
  assets: PlanAsset[];
  state: { zones: Record<string, Level>; assets: Record<string, Level> };
}
