import { describe, expect, it } from "vitest";

import { age, bytes, clock, number, percent, span } from "../src/lib/format";
import { fill } from "../src/lib/fill";

/** Blanks of all kinds as plain ones. */
const plain = (text: string): string => text.replace(/\s/g, " ");

describe("durations", () => {
  it("have at most two units, in both languages", () => {
    expect(plain(span(40, "en"))).toBe("40 secs");
    expect(plain(span(720, "fr"))).toBe("12 min");
    expect(plain(span(12_000, "fr"))).toBe("3 h 20 min");
    expect(plain(span(2 * 86_400 + 4 * 3600, "fr"))).toBe("2 j 4 h");
    expect(plain(span(3600, "fr"))).toBe("1 h");
  });

  it("never show 60 minutes or 24 hours beside a larger unit", () => {
    expect(plain(span(2 * 3600 - 1, "fr"))).toBe("2 h");
    expect(plain(span(2 * 86_400 - 1, "fr"))).toBe("2 j");
  });

  it("keep number and unit on one line", () => {
    expect(span(90, "fr")).not.toMatch(/ /);
  });

  it("are never negative", () => {
    expect(age("2026-11-23T10:00:10Z", Date.parse("2026-11-23T10:00:00Z"))).toBe(0);
    expect(plain(span(-5, "fr"))).toBe("0 s");
  });
});

describe("figures", () => {
  it("use the reader's signs", () => {
    expect(plain(number(184_233.44, "fr", 1))).toBe("184 233,4");
    expect(number(184_233.44, "en")).toBe("184,233");
  });

  it("call nothing impossible or certain that is neither", () => {
    expect(plain(percent(0.004, "fr"))).toBe("< 1 %");
    expect(percent(0.996, "en")).toBe("> 99%");
    expect(percent(1, "en")).toBe("100%");
    expect(percent(0, "en")).toBe("0%");
  });

  it("give sizes in a unit that fits", () => {
    expect(plain(bytes(18_244, "fr"))).toBe("18 ko");
    expect(plain(bytes(1_500_000, "en"))).toBe("1.5 MB");
  });
});

describe("times", () => {
  const now = new Date(2026, 10, 23, 15, 0).getTime();

  it("show the time of day today, and the date before", () => {
    expect(clock(new Date(2026, 10, 23, 9, 5, 7).toISOString(), "fr", now, true)).toBe("09:05:07");
    expect(clock(new Date(2026, 10, 21, 9, 5).toISOString(), "en", now)).toBe("21 Nov 09:05");
  });
});

describe("sentences", () => {
  it("are filled at their places; an unknown place stays to be seen", () => {
    expect(fill("{n} alerts in {zone}", { n: 3 })).toBe("3 alerts in {zone}");
  });
});
