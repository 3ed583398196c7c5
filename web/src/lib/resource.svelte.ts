import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";

import { ApiError, Unreachable, away, get, passes } from "./api";
import { coalesce } from "./coalesce";
import { keep, kept } from "./keep";
import { live } from "./live.svelte";
import { reading } from "./reading.svelte";
import type { Change } from "./types";

/** Milliseconds in which a burst of changes becomes one read (new incident on screen within 1 s). */
const GATHER = 150;
/** Milliseconds until what failed is read again, doubled each time up to the second figure. Chosen: a server that starts anew
 *  is back within seconds, one in trouble must not be stormed. */
const AGAIN = [2_000, 30_000] as const;
/** Milliseconds that the server may take for what it has to compute (chosen). */
export const COMPUTING = 120_000;

/** What screens show from this device while the server is away: by path, when it was read (this device's clock, milliseconds). */
export const fromDevice = new SvelteMap<string, number>();

interface Options {
  /** Which changes make this worth reading again. */
  when?: (change: Change) => boolean;
  /** Keep the last answer on this device, and show it (with its age) when the server is away. */
  offline?: boolean;
  /** Milliseconds between reads without any change. */
  every?: number;
  /** Milliseconds among which the reads after a change are spread by chance: hundreds of screens must not ask at once. */
  spread?: number;
  /** Milliseconds that the server may take: for what it has to compute. */
  patience?: number;
}

/** What of the value a change tells already: shown before anything is read again. */
type Patch<T> = (value: T, change: Change) => T;

/** Something of the back end that a screen shows: read once, again on changes, and again after a cut. */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  /** When `value` was true: this device's clock, milliseconds. */
  at = $state(0);
  /** True while `value` is the kept one, because the server did not answer. */
  fromDevice = $state(false);
  error = $state<ApiError | Unreachable | null>(null);
  loading = $state(true);
  private readonly ask: () => void;
  private readonly heard: (change: Change) => void;
  private begun = 0;
  private settled = 0;
  private failures = 0;
  private followed = 0;
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly path: string,
    private readonly options: Options = {},
    patch?: Patch<T>,
  ) {
    this.heard = (change) => {
      if (patch && this.value && !this.fromDevice) this.value = patch(this.value, change);
    };
    this.ask = coalesce(() => this.read(), () => GATHER + Math.random() * (options.spread ?? 0));
  }

  /** Read now (unless it was read just before), and keep reading until the returned function is called. For use in `$effect`. */
  follow(now = true): () => void {
    if (now) void this.read();
    this.followed += 1;
    const { when, every } = this.options;
    const stops = [live.onResync(this.ask), () => this.leave()];
    if (when) {
      stops.push(
        live.onChange((change) => {
          if (!when(change)) return;
          this.heard(change);
          this.ask();
        }),
      );
    }
    if (every) {
      const timer = setInterval(() => !document.hidden && this.ask(), every);
      stops.push(() => clearInterval(timer));
    }
    return () => stops.forEach((stop) => stop());
  }

  async read(): Promise<void> {
    const done = untrack(() => this.loading) ? reading.begin() : null;
    this.begun += 1;
    const turn = this.begun;
    const begun = Date.now();
    try {
      const value = await get<T>(this.path, { ...(this.options.patience ? { patience: this.options.patience } : {}) });
      if (turn < this.settled) return; // what was asked later has answered before: this is the older
      this.settled = turn;
      this.set(value, begun, false);
      this.error = null;
      this.failures = 0;
      if (this.options.offline) void keep(this.path, value); // the screen does not wait for the device's storage
    } catch (problem) {
      if (!(problem instanceof ApiError) && !(problem instanceof Unreachable)) throw problem;
      if (turn < this.settled) return;
      this.settled = turn;
      this.error = problem;
      if (problem instanceof ApiError && problem.status === 404) this.value = null;
      if (this.options.offline && away(problem)) await this.fall(turn);
      if (passes(problem)) this.later();
    } finally {
      this.loading = false;
      done?.();
    }
  }

  /** Read again after a failure that may pass: no change may come that says so. */
  private later(): void {
    clearTimeout(this.again);
    if (this.followed === 0) return;
    this.again = setTimeout(this.ask, Math.min(AGAIN[0] * 2 ** this.failures, AGAIN[1]));
    this.failures += 1;
  }

  private leave(): void {
    this.followed -= 1;
    if (this.followed > 0) return;
    clearTimeout(this.again);
    fromDevice.delete(this.path);
  }

  private async fall(turn: number): Promise<void> {
    const last = await kept<T>(this.path);
    if (last && turn === this.settled) this.set(last.value, last.at, true);
  }

  private set(value: T, at: number, old: boolean): void {
    this.value = value;
    this.at = at;
    this.fromDevice = old;
    if (old && this.followed > 0) fromDevice.set(this.path, at);
    else fromDevice.delete(this.path);
  }
}
