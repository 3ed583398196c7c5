/** Return a function that calls `work` once for a burst of calls, and never twice at the same time. */
export function coalesce(work: () => Promise<unknown>, wait: () => number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    timer = undefined;
    running = true;
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        ask();
      }
    }
  };
  const ask = (): void => {
    if (running) again = true;
    else timer ??= setTimeout(() => void run(), wait());
  };
  return ask;
}
