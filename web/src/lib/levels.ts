import { t } from "./i18n.svelte";
import type { Level } from "./types";

const RANK: Record<Level, number> = { low: 1, medium: 2, high: 3, critical: 4 };

/** Return 1 (low) to 4 (critical); 0 for none. */
export function rank(level: Level | undefined): number {
  return level ? RANK[level] : 0;
}

export function levelName(level: Level): string {
  switch (level) {
    case "critical":
      return t("Critical");
    case "high":
      return t("High");
    case "medium":
      return t("Medium");
    case "low":
      return t("Low");
  }
}

/** Outlines of the signs, in a square of 16: the second sign beside colour. */
export const SIGNS: Record<Level, string> = {
  critical: "M8 1.2 15.2 14.4H.8Z",
  high: "M8 .8 15.2 8 8 15.2.8 8Z",
  medium: "M2 2h12v12H2Z",
  low: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z",
};
