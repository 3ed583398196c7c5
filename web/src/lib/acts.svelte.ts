import { newId, post } from "./api";
import { onShelf } from "./keep";
import { live } from "./live.svelte";
import { type Act, Queue, type Shelf, heavy } from "./queue";

/** Milliseconds between attempts while something waits and no event says that the network is back. */
const RETRY = 5_000;

/** Milliseconds that the server may take to accept an act (chosen: in a dead spot the next attempt must not wait for this one). */
const PATIENCE = 20_000;

/** For a device that keeps nothing (private window, full): acts wait here while the page is open. */
const here = new Map<string, Act>();

const shelf: Shelf = {
  async all() {
    const stored = await onShelf<Act[]>("acts", "readonly", (store) => store.getAll() as IDBRequest<Act[]>).catch(() => []);
    return [...stored, ...here.values()];
  },
  async put(act) {
    await onShelf("acts", "readwrite", (store) => store.put(act)).catch(() => here.set(act.id, act));
  },
  async remove(id) {
    here.delete(id);
    await onShelf("acts", "readwrite", (store) => store.delete(id)).catch(() => undefined);
  },
};

/** What this person pressed and the server does not have yet. Photos and voice notes go their own way: a call for help must not
 *  wait until a picture is through. */
class Acts {
  private light = $state.raw<Act[]>([]);
  private weighty = $state.raw<Act[]>([]);
  readonly list = $derived([...this.light, ...this.weighty]);
  waiting = $derived(this.list.filter((act) => !act.refused));
  refused = $derived(this.list.filter((act) => act.refused));
  private last = 0;
  private me = "";
  private readonly ways = [
    { name: "safecare-acts", queue: this.way(false, (list) => (this.light = list)) },
    { name: "safecare-heavy-acts", queue: this.way(true, (list) => (this.weighty = list)) },
  ] as const;

  /** Send what `me` pressed and what waits: now, when the network or the stream is back, and every few seconds until then. */
  start(me: string): () => void {
    this.me = me;
    const flush = (): void => void this.flush();
    flush();
    addEventListener("online", flush);
    const stop = live.onResync(flush);
    const timer = setInterval(() => this.waiting.length > 0 && void this.flush({ ifAvailable: true }), RETRY);
    return () => {
      removeEventListener("online", flush);
      stop();
      clearInterval(timer);
    };
  }

  /** Keep the act on this device, then send it. Resolves when it is kept. */
  add(path: string, body: Record<string, unknown>): Promise<void> {
    // Never the same time twice: acts are sent in the order in which they were pressed.
    this.last = Math.max(live.time(), this.last + 1);
    const act: Act = { id: newId(), path, body, at: new Date(this.last).toISOString(), ...(this.me ? { who: this.me } : {}) };
    return this.ways[heavy(act) ? 1 : 0].queue.add(act);
  }

  /** Send what can be sent now. */
  async settle(): Promise<void> {
    await this.flush();
  }

  dismiss(id: string): Promise<void> {
    return Promise.all(this.ways.map(({ queue }) => queue.dismiss(id))).then(() => undefined);
  }

  private way(weighs: boolean, changed: (list: Act[]) => void): Queue {
    const part: Shelf = { ...shelf, all: async () => (await shelf.all()).filter((act) => heavy(act) === weighs) };
    return new Queue(part, (path, body) => post(path, body, { patience: PATIENCE }), changed, () => this.me);
  }

  /** One page at a time sends, where the browser can tell (two open tabs share one shelf). */
  private async flush(options: LockOptions = {}): Promise<void> {
    const send = ({ name, queue }: (typeof this.ways)[number]): Promise<void> =>
      "locks" in navigator ? navigator.locks.request(name, options, async (lock) => (lock ? queue.flush() : undefined)) : queue.flush();
    await Promise.all(this.ways.map(send));
  }
}

export const acts = new Acts();
