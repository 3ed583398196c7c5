/** Place marks on a time line: 0-1 along the line, at least `gap` apart, in order, and as close to the truth as that allows. */
export function spread(times: number[], from: number, to: number, gap: number): number[] {
  const length = Math.max(1, to - from);
  const room = Math.min(gap, times.length > 1 ? 1 / (times.length - 1) : 1);
  const order = times.map((time, index) => ({ index, at: Math.min(1, Math.max(0, (time - from) / length)) }));
  order.sort((one, other) => one.at - other.at);
  for (const [index, mark] of order.entries()) {
    const before = order[index - 1];
    if (before && mark.at < before.at + room) mark.at = before.at + room;
  }
  for (let index = order.length - 1, limit = 1; index >= 0; index -= 1) {
    const mark = order[index];
    if (!mark) continue;
    mark.at = Math.min(mark.at, limit);
    limit = mark.at - room;
  }
  const places = new Array<number>(times.length).fill(0);
  for (const mark of order) places[mark.index] = Math.max(0, mark.at);
  return places;
}

/** Steps of a time axis, seconds. */
const STEPS = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800];

/** Milliseconds. */
const WEEK = 604_800_000;

/** Return `marks`, which are in order of time, in at most `most` bundles; each is what lies in an equal part of the line, and
 *  most often one mark. */
export function bundled<T extends { at: number }>(marks: T[], most: number): T[][] {
  const [first, last] = [marks[0], marks.at(-1)];
  if (marks.length <= most || !first || !last) return marks.map((mark) => [mark]);
  const part = (last.at - first.at) / most;
  const found = new Map<number, T[]>();
  for (const mark of marks) {
    const index = part > 0 ? Math.min(most - 1, Math.floor((mark.at - first.at) / part)) : 0;
    const bundle = found.get(index);
    if (bundle) bundle.push(mark);
    else found.set(index, [mark]);
  }
  return [...found.values()];
}

/** Return times (ms) of about `count` even ticks between `from` and `to` (ms). */
export function ticks(from: number, to: number, count = 5): number[] {
  const weeks = Math.ceil((to - from) / (WEEK * count)) * WEEK; // a device whose clock stands in 1970 makes a long line
  const step = STEPS.map((seconds) => 1000 * seconds).find((one) => one * count >= to - from) ?? weeks;
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}
