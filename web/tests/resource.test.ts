import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const shelf = vi.hoisted(() => new Map<string, { at: number; value: unknown }>());
vi.mock("../src/lib/keep", () => ({
  keep: async (key: string, value: unknown) => void shelf.set(key, { at: Date.now(), value }),
  kept: async (key: string) => shelf.get(key),
}));

import { live } from "../src/lib/live.svelte";
import { Resource, fromDevice } from "../src/lib/resource.svelte";

type Answer = (value: unknown, status?: number) => void;

/** Answers to what was fetched, in the order of the asking: given by the test, in any order. */
let asked: Answer[] = [];
let lost: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  shelf.clear();
  asked = [];
  lost = [];
  vi.stubGlobal(
    "fetch",
    (_path: string, { signal }: { signal: AbortSignal }) =>
      new Promise<Response>((resolve, reject) => {
        asked.push((value, status = 200) => resolve(new Response(JSON.stringify(value), { status })));
        lost.push(() => reject(new TypeError("network")));
        signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      }),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Lets what is due happen, without any time passing. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe("resource", () => {
  it("keeps the newer answer when an older one comes after it", async () => {
    const one = new Resource<string>("/api/one");
    void one.read();
    void one.read();
    asked[1]?.("newer");
    await settle();
    asked[0]?.("older");
    await settle();
    expect(one.value).toBe("newer");
    expect(one.error).toBeNull();
  });

  it("reads again by itself after a failure that may pass, and not after one that stands", async () => {
    const one = new Resource<string>("/api/one");
    const stop = one.follow();
    asked[0]?.({ detail: "starting" }, 503);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toHaveLength(2);
    asked[1]?.("there");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(one.value).toBe("there");
    expect(asked).toHaveLength(2);
    stop();

    const gone = new Resource<string>("/api/gone");
    gone.follow();
    asked[2]?.({ detail: "There is nothing here." }, 404);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(3);
  });

  it("asks no more once nobody looks", async () => {
    const one = new Resource<string>("/api/one");
    const stop = one.follow();
    lost[0]?.();
    await settle();
    stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(1);
  });

  it("gives up a connection that was cut without a word", async () => {
    const one = new Resource<string>("/api/one");
    const stop = one.follow();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(asked).toHaveLength(2);
    asked[1]?.("there");
    await settle();
    expect(one.value).toBe("there");
    stop();
  });

  it("shows what the device kept, and says since when, also where a proxy answers for the server", async () => {
    shelf.set("/api/one", { at: Date.now() - 3_600_000, value: "of an hour ago" });
    const one = new Resource<string>("/api/one", { offline: true });
    const stop = one.follow();
    asked[0]?.("Bad Gateway", 502);
    await settle();
    expect(one.value).toBe("of an hour ago");
    expect(live.since(fromDevice.get("/api/one") ?? 0)).toBeCloseTo(3_600, 0);
    stop();
    expect(fromDevice.size).toBe(0);
  });
});
