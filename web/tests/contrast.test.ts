import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

/** WCAG 2.2, 1.4.3 and 1.4.11: text needs 4.5:1, signs and borders of controls 3:1. Axe does not judge text in SVG; this does. */
const TEXT = 4.5;
const GRAPHICS = 3;

const css = readFileSync(new URL("../src/tokens.css", import.meta.url), "utf8");

function theme(name: string): Record<string, string> {
  const block = css.match(new RegExp(`:root\\[data-theme="${name}"\\] \\{([^}]+--page[^}]+)\\}`))?.[1] ?? "";
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1], match[2]]));
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const LEVELS = ["critical", "high", "medium", "low"];
const GROUNDS = ["page", "panel", "raised", "room", "outdoor"];
const TINTS = LEVELS.map((level) => `${level}-tint`);

const pairs: [string, string, number][] = [
  ...[...GROUNDS, ...TINTS].map((ground): [string, string, number] => ["text", ground, TEXT]),
  ...GROUNDS.map((ground): [string, string, number] => ["muted", ground, TEXT]),
  ...[...LEVELS, "ok"].flatMap((sign) => ["page", "panel", "raised", "room"].map((ground): [string, string, number] => [sign, ground, TEXT])),
  ...LEVELS.map((level): [string, string, number] => [level, `${level}-tint`, TEXT]),
  // Tags on a card that is chosen: its ground is the tint of its own level.
  ...TINTS.flatMap((tint) => ["ok", "medium"].map((sign): [string, string, number] => [sign, tint, TEXT])),
  ...["page", "panel", "raised"].map((ground): [string, string, number] => ["edge", ground, GRAPHICS]),
  ...["page", "panel", "raised", "room", ...TINTS].map((ground): [string, string, number] => ["focus", ground, GRAPHICS]),
  ["on-press", "press", TEXT],
  ["on-exercise", "exercise", TEXT],
  ["exercise", "page", GRAPHICS],
];

describe.each(["dark", "day"])("theme %s", (name) => {
  const colours = theme(name);

  it.each(pairs)("%s on %s has at least %s to 1", (front, ground, least) => {
    expect(colours[front], front).toBeDefined();
    expect(colours[ground], ground).toBeDefined();
    expect(contrast(colours[front] ?? "", colours[ground] ?? "")).toBeGreaterThanOrEqual(least);
  });
});
