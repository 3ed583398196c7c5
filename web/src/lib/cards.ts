/** Which of the open notices is the one on the phone's card. Pure. */

import { rank } from "./levels";
import type { GuardNotice } from "./types";

/** Return the notices that are open, the first to answer first: one's own, then the gravest, then the latest. */
export function inOrder(notices: GuardNotice[]): GuardNotice[] {
  return notices
    .filter((notice) => !notice.done)
    .toSorted((one, other) => Number(other.mine) - Number(one.mine) || rank(other.level) - rank(one.level) || other.at.localeCompare(one.at));
}

/** Return the notice to show of `open` (in order): the `chosen` one; else the one that `stands` on the card and awaits the
 *  reader's answer, which must not change under a thumb; unless the first is graver, or the reader's own where that is not. */
export function onCard(open: GuardNotice[], chosen: string, stands: string): GuardNotice | undefined {
  const find = (id: string): GuardNotice | undefined => open.find((notice) => notice.id === id || notice.ids?.includes(id));
  const [first] = open;
  const there = find(stands);
  const awaits = there && !there.given.some((one) => one.mine);
  const stays = awaits && first && there.mine === first.mine && rank(there.level) >= rank(first.level);
  return find(chosen) ?? (stays ? there : first);
}
