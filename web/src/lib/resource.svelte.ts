import { untrack } from "svelte";

import { ApiError, Unreachable, get } from "./api";
import { coalesce } from "./coalesce";
import { keep, kept } from "./keep";
import { live } from "./live.svelte";
import { reading } from "./reading.svelte";
import type { Change } from "./types";

/** Milliseconds in which a burst of changes becomes one read (new incident on screen within 1 s). */
const GATHER = 150;

interface Options {
  /** Which changes make this worth reading again. */
  when?: (change: Change) => boolean;
  /** Keep the last answer on this device, and show it (with its age) when the server is away. */
  offline?: boolean;
  /** Milliseconds between reads without any change. */
  every?: number;
  /** Milliseconds among which the reads after a change are spread by chance: hundreds of screens must not ask at once. */
  spread?: number;
}

/** What of the value a change tells already: shown before anything is read again. */
type Patch<T> = (value: T, change: Change) => T;

/** Something of the back end that a screen shows: read once, again on changes, and again after a cut. */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  /** Milliseconds, server or kept: when `value` was true. */
  at = $state(0);
  /** True while `value` is the kept one, because the server did not answer. */
  fromDevice = $state(false);
  error = $state<ApiError | Unreachable | null>(null);
  loading = $state(true);
  private readonly ask: () => void;
  private readonly heard: (change: Change) => void;

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
    const { when, every } = this.options;
    const stops = [live.onResync(this.ask)];
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
    try {
      const value = await get<T>(this.path);
      this.set(value, Date.now(), false);
      this.error = null;
      if (this.options.offline) void keep(this.path, value); // the screen does not wait for the device's storage
    } catch (problem) {
      if (!(problem instanceof ApiError) && !(problem instanceof Unreachable)) throw problem;
      this.error = problem;
      if (problem instanceof ApiError && problem.status === 404) this.value = null;
      if (this.options.offline && problem instanceof Unreachable) await this.fall();
    } finally {
      this.loading = false;
      done?.();
    }
  }

  private async fall(): Promise<void> {
    const last = await kept<T>(this.path);
    if (last) this.set(last.value, last.at, true);
  }

  private set(value: T, at: number, fromDevice: boolean): void {
    this.value = value;
    this.at = at;
    this.fromDevice = fromDevice;
  }
}
