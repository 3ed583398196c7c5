import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { PATTERNS, match, staysInside } from "../src/lib/route";

const ORIGIN = "https://safecare.example";

function link(address: string, more: Partial<HTMLAnchorElement> = {}): HTMLAnchorElement {
  const { origin, pathname } = new URL(address, ORIGIN);
  return { origin, pathname, target: "", hasAttribute: () => false, ...more } as unknown as HTMLAnchorElement;
}

function click(more: Partial<MouseEvent> = {}): MouseEvent {
  return { defaultPrevented: false, button: 0, ...more } as MouseEvent;
}

describe("match", () => {
  it("finds pages and their parameters", () => {
    expect(match("/")).toEqual({ name: "board", params: {} });
    expect(match("/incident/a%2Fb")).toEqual({ name: "incident", params: { id: "a/b" } });
    expect(match("/scenarios/runs/7")).toEqual({ name: "run", params: { run: "7" } });
    expect(match("/guard/")).toEqual({ name: "guard", params: {} });
  });

  it("knows what is no page of ours", () => {
    expect(match("/incident").name).toBe("unknown");
    expect(match("/print/1").name).toBe("unknown");
    expect(match("/incident/%E0%A4%A").name).toBe("unknown");
  });
});

describe("staysInside", () => {
  it("takes plain clicks on our pages", () => {
    expect(staysInside(link("/incident/1"), click(), ORIGIN)).toBe(true);
  });

  it("leaves everything else to the browser", () => {
    expect(staysInside(link("https://elsewhere.example/"), click(), ORIGIN)).toBe(false);
    expect(staysInside(link("/"), click({ ctrlKey: true }), ORIGIN)).toBe(false);
    expect(staysInside(link("/"), click({ button: 1 }), ORIGIN)).toBe(false);
    expect(staysInside(link("/", { target: "_blank" }), click(), ORIGIN)).toBe(false);
    expect(staysInside(link("/print/1"), click(), ORIGIN)).toBe(false);
  });
});

describe("service worker", () => {
  const worker = readFileSync(new URL("../src/sw.js", import.meta.url), "utf8");
  const pages = new RegExp(/const PAGES =\s*\/(.+)\/;/.exec(worker)?.[1] ?? "none");

  it("opens every page of ours without a network", () => {
    const paths = PATTERNS.map(([, pattern]) => pattern.replaceAll(/:\w+/g, "one"));
    expect(paths.filter((path) => !pages.test(path))).toEqual([]);
  });

  it("leaves to the server what the server writes", () => {
    expect(["/a/1", "/print/1", "/report/1/final", "/sign-in/1", "/api/me", "/print-crisis"].filter((path) => pages.test(path))).toEqual([]);
  });
});
