/** What the live stream tells of incidents, laid over a board that was read before. Pure. */

import type { Board, Change } from "./types";

/** Return `board` with the incident that `change` brings: in place of its older revision, or gone when it is closed or merged. */
export function withCard(board: Board, { card }: Change): Board {
  if (!card) return board;
  const before = board.incidents.find((one) => one.id === card.id);
  if (before && before.revision > card.revision) return board;
  const others = board.incidents.filter((one) => one.id !== card.id);
  const open = card.state !== "closed" && !card.into;
  return { ...board, incidents: open ? [card, ...others] : others };
}
