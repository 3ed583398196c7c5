import { describe, expect, it } from "vitest";

import { ApiError, Unreachable } from "../src/lib/api";
import { type Act, Queue, type Send, type Shelf, heavy } from "../src/lib/queue";

/** A shelf in memory, that survives a "restart" of the page: a new queue over the same shelf. */
function memory(): Shelf & { acts: Map<string, Act> } {
  const acts = new Map<string, Act>();
  return {
    acts,
    all: async () => [...acts.values()],
    put: async (act) => void acts.set(act.id, act),
    remove: async (id) => void acts.delete(id),
  };
}

function act(id: string, at = "2026-11-23T10:00:00Z"): Act {
  return { id, path: `/api/notices/${id}/answer`, body: { answer: "acknowledged" }, at };
}

describe("queue", () => {
  it("sends what was pressed, with the id and time of the press", async () => {
    const sent: unknown[] = [];
    const shelf = memory();
    const queue = new Queue(shelf, async (path, body) => sent.push([path, body]));
    await queue.add(act("a"));
    await queue.flush();
    expect(sent).toEqual([["/api/notices/a/answer", { answer: "acknowledged", id: "a", at: "2026-11-23T10:00:00Z" }]]);
    expect(shelf.acts.size).toBe(0);
  });

  it("keeps acts without a network and sends them once, in order, after a restart of the page", async () => {
    const shelf = memory();
    const away = new Queue(shelf, async () => {
      throw new Unreachable();
    });
    await away.add(act("late", "2026-11-23T10:05:00Z"));
    await away.add(act("early", "2026-11-23T10:01:00Z"));
    await away.flush();
    expect(shelf.acts.size).toBe(2);

    const sent: string[] = [];
    const back = new Queue(shelf, async (path) => sent.push(path));
    await Promise.all([back.flush(), back.flush()]);
    await back.flush();
    expect(sent).toEqual(["/api/notices/early/answer", "/api/notices/late/answer"]);
    expect(shelf.acts.size).toBe(0);
  });

  it("sends again with the same id when the answer was lost: the server knows it", async () => {
    const ids: unknown[] = [];
    let lost = true;
    const send: Send = async (_path, body) => {
      ids.push((body as { id: string }).id);
      if (lost) throw new Unreachable();
    };
    const queue = new Queue(memory(), send);
    await queue.add(act("a"));
    await queue.flush();
    lost = false;
    await queue.flush();
    expect(new Set(ids)).toEqual(new Set(["a"]));
    expect(ids.length).toBeGreaterThanOrEqual(2);
  });

  it("waits while signed out or while the server is in trouble", async () => {
    for (const status of [401, 429, 500, 503, 507]) {
      const shelf = memory();
      const queue = new Queue(shelf, async () => {
        throw new ApiError(status, "");
      });
      await queue.add(act("a"));
      await queue.flush();
      expect(shelf.acts.get("a")?.refused).toBeUndefined();
      expect(shelf.acts.size).toBe(1);
    }
  });

  it("keeps a refused act with the reason until a person has seen it, and goes on with the next", async () => {
    const shelf = memory();
    const sent: string[] = [];
    let seen: Act[] = [];
    const send: Send = async (path) => {
      if (path.includes("gone")) throw new ApiError(404, "There is no such notice.");
      sent.push(path);
    };
    const queue = new Queue(shelf, send, (acts) => (seen = acts));
    await queue.add(act("gone", "2026-11-23T09:00:00Z"));
    await queue.add(act("good"));
    await queue.flush();
    expect(sent).toEqual(["/api/notices/good/answer"]);
    expect(seen.map((one) => one.refused)).toEqual(["There is no such notice."]);
    await queue.dismiss("gone");
    expect(seen).toEqual([]);
  });

  it("goes on with what is about something else when the server fails over one act, and keeps that one", async () => {
    const shelf = memory();
    const sent: string[] = [];
    const send: Send = async (path) => {
      if (path.includes("bad")) throw new ApiError(500, "500 Internal Server Error");
      sent.push(path);
    };
    const queue = new Queue(shelf, send);
    await queue.add(act("bad", "2026-11-23T09:00:00Z"));
    await queue.add({ ...act("bad-2", "2026-11-23T09:01:00Z"), path: act("bad").path });
    await queue.add(act("good"));
    await queue.flush();
    expect(sent).toEqual(["/api/notices/good/answer"]);
    expect([...shelf.acts.keys()]).toEqual(["bad", "bad-2"]);
  });

  it("knows an act with a picture, which others must not wait behind", () => {
    expect(heavy({ ...act("a"), body: { words: "smoke", picture: "x".repeat(50_000) } })).toBe(true);
    expect(heavy({ ...act("a"), body: { words: "x".repeat(2_000), panic: true } })).toBe(false);
  });

  it("sends nobody's act in the name of who comes next on a shared phone", async () => {
    const shelf = memory();
    let me = "ada";
    const sent: string[] = [];
    const queue = new Queue(shelf, async (path) => sent.push(path), () => undefined, () => me);
    await shelf.put({ ...act("hers"), who: "ada" });
    me = "noor";
    await queue.add({ ...act("his"), who: "noor" });
    await queue.flush();
    expect(sent).toEqual(["/api/notices/his/answer"]);
    me = "ada";
    await queue.flush();
    expect(sent).toEqual(["/api/notices/his/answer", "/api/notices/hers/answer"]);
  });
});
