import { newId, post } from "./api";
import { onShelf } from "./keep";
import { live } from "./live.svelte";
import { type Act, Queue, type Shelf } from "./queue";

/** Milliseconds between attempts while something waits and no event says that the network is back. */
const RETRY = 5_000;

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

/** What this person pressed and the server does not have yet. */
class Acts {
  list = $state.raw<Act[]>([]);
  waiting = $derived(this.list.filter((act) => !act.refused));
  refused = $derived(this.list.filter((act) => act.refused));
  private last = 0;
  private me = "";
  private readonly queue = new Queue(shelf, (path, body) => post(path, body), (list) => (this.list = list), () => this.me);

  /** Send what `me` pressed and what waits: now, when the network or the stream is back, and every few seconds until then. */
  start(me: string): () => void {
    this.me = me;
    const flush = (): void => void this.flush();
    flush();
    addEventListener("online", flush);
    const stop = live.onResync(flush);
    const timer = setInterval(() => this.waiting.length > 0 && flush(), RETRY);
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
    return this.queue.add({ id: newId(), path, body, at: new Date(this.last).toISOString(), ...(this.me ? { who: this.me } : {}) });
  }

  /** Send what can be sent now. */
  async settle(): Promise<void> {
    await this.flush();
  }

  dismiss(id: string): Promise<void> {
    return this.queue.dismiss(id);
  }

  /** One page at a time sends, where the browser can tell (two open tabs share one shelf). */
  private async flush(): Promise<void> {
    if ("locks" in navigator) await navigator.locks.request("safecare-acts", () => this.queue.flush());
    else await this.queue.flush();
  }
}

export const acts = new Acts();
