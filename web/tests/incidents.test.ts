import { describe, expect, it } from "vitest";

import { withCard } from "../src/lib/incidents";
import type { Board, Card } from "../src/lib/types";

const card = (id: string, revision: number, more: Partial<Card> = {}): Card => ({ id, revision, state: "new", into: null, ...more }) as Card;
const board = (...incidents: Card[]): Board => ({ incidents }) as Board;
const ids = (one: Board): string[] => one.incidents.map(({ id, revision }) => `${id}${revision}`);

describe("incidents of the live stream on the board", () => {
  it("adds a new one, and puts a later revision in the place of an older one", () => {
    expect(ids(withCard(board(card("a", 1)), { topic: "incident", id: "b", card: card("b", 1) }))).toEqual(["b1", "a1"]);
    expect(ids(withCard(board(card("a", 1)), { topic: "incident", id: "a", card: card("a", 2) }))).toEqual(["a2"]);
  });
  it("takes no older revision, and nothing without a card", () => {
    const now = board(card("a", 3));
    expect(withCard(now, { topic: "incident", id: "a", card: card("a", 2) })).toBe(now);
    expect(withCard(now, { topic: "alert", id: "x" })).toBe(now);
  });
  it("takes closed and merged ones away", () => {
    expect(ids(withCard(board(card("a", 1)), { topic: "incident", id: "a", card: card("a", 2, { state: "closed" }) }))).toEqual([]);
    expect(ids(withCard(board(card("a", 1)), { topic: "incident", id: "a", card: card("a", 2, { into: "b" }) }))).toEqual([]);
  });
});
