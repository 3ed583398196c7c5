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

/** Return times (ms) of about `count` even ticks between `from` and `to` (ms). */
export function ticks(from: number, to: number, count = 5): number[] {
  const step = 1000 * (STEPS.find((seconds) => (seconds * 1000 * count) >= to - from) ?? STEPS.at(-1) ?? 604800);
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}
