import { untrack } from "svelte";

/** Whether the page still reads what it shows at first: assistive technology waits, and so does whoever looks for something on it. */
class Reading {
  private count = $state(0);
  readonly busy = $derived(this.count > 0);

  /** Count a first read; call the returned function when it is over. */
  begin(): () => void {
    untrack(() => (this.count += 1)); // an effect that reads must not run again because it has begun
    return () => untrack(() => (this.count -= 1));
  }
}

export const reading = new Reading();
