import type { Change } from "./types";

/** Milliseconds without a beat after which the screen says that it is stale (three beats of 3 s, and a little). */
export const STALE_AFTER = 10_000;
/** Milliseconds. Chosen: soon enough for a guard, slow enough for a server that starts again under 500 browsers. */
const RETRY = 3_000;
/** Milliseconds that a silent stream may stay open before another takes its place: it may have been cut without a word. Doubled
 *  each time up to the second figure, for a server that is only slow. */
const REOPEN = [STALE_AFTER, 60_000] as const;

type Listener = (change: Change) => void;

/** The one live stream of this page: says what changed; the screens read again what they show. */
class Live {
  /** Now, by the server's clock, renewed every second: every age on screen counts from it. */
  now = $state(Date.now());
  /** When this page last heard anything from the server (this device's clock). */
  private heard = $state(Date.now());
  private tick = $state(Date.now());
  /** Scenario of the running exercise, as the last beat told. */
  exercise = $state<string | null>(null);
  private skew = 0;
  private patience: number = REOPEN[0];
  /** When the stream was last opened, and what counts the seconds: this device's clock. */
  private tried = 0;
  private counting: ReturnType<typeof setInterval> | undefined;
  /** True once the stream was open. */
  opened = $state(false);
  /** How often the server has refused a stream that was open before: perhaps the person is not signed in any more. */
  refusals = $state(0);
  private held = false;
  private stream: EventSource | undefined;
  private readonly listeners = new Set<Listener>();
  private readonly resyncs = new Set<() => void>();

  stale = $derived(this.tick - this.heard > STALE_AFTER);
  /** Seconds since the server was last heard. */
  silence = $derived(Math.max(0, (this.tick - this.heard) / 1000));

  start(): void {
    this.counting = setInterval(() => {
      this.tick = Date.now();
      this.now = this.tick + this.skew;
      if (this.stale && this.tick - this.tried > this.patience) {
        this.patience = Math.min(2 * this.patience, REOPEN[1]);
        this.open();
      }
    }, 1000);
    this.open();
    addEventListener("online", this.again);
    document.addEventListener("visibilitychange", this.again);
  }

  /** Hear nothing any more: nobody is signed in. */
  stop(): void {
    clearInterval(this.counting);
    removeEventListener("online", this.again);
    document.removeEventListener("visibilitychange", this.again);
    this.stream?.close();
    this.stream = undefined;
  }

  /** The network is back, or somebody looks again at a page that was out of sight. */
  private readonly again = (event: Event): void => {
    if (event.type === "online" || (!document.hidden && this.stale)) this.open();
  };

  /** Seconds since `at` of this device's own clock, milliseconds. */
  since(at: number): number {
    return Math.max(0, (this.tick - at) / 1000);
  }

  /** Now by the server's clock, to the millisecond: for the time of a press. */
  time(): number {
    return Date.now() + this.skew;
  }

  /** Call `listener` for every change; returns how to stop. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Call `again` when the stream has opened, first or again: changes may have been missed since what was read before. */
  onResync(again: () => void): () => void {
    this.resyncs.add(again);
    return () => this.resyncs.delete(again);
  }

  private open(): void {
    this.stream?.close();
    this.tried = Date.now();
    const stream = new EventSource("/api/live");
    this.stream = stream;
    stream.onopen = () => {
      this.hear();
      this.opened = true;
      this.held = true;
      this.resync();
    };
    stream.onmessage = (message: MessageEvent<string>) => {
      this.hear();
      const change = JSON.parse(message.data) as Change;
      for (const listener of this.listeners) listener(change);
    };
    stream.addEventListener("beat", (message: MessageEvent<string>) => {
      this.hear();
      const { at, exercise } = JSON.parse(message.data) as { at: string; exercise?: string | null };
      this.skew = Date.parse(at) - Date.now();
      this.exercise = exercise ?? null;
    });
    stream.addEventListener("resync", () => this.resync());
    stream.onerror = () => {
      // The browser retries by itself, but gives up for good after an HTTP error (proxy, restart, signed out).
      if (stream.readyState !== EventSource.CLOSED || this.stream !== stream) return;
      if (this.held) this.refusals += 1;
      this.held = false;
      setTimeout(() => this.stream === stream && this.open(), RETRY);
    };
  }

  private resync(): void {
    for (const again of this.resyncs) again();
  }

  private hear(): void {
    this.heard = Date.now();
    this.tick = this.heard;
    this.patience = REOPEN[0];
  }
}

export const live = new Live();
