import { describe, expect, it } from "vitest";

import { inOrder, onCard } from "../src/lib/cards";
import type { GuardNotice } from "../src/lib/types";

function notice(id: string, level: GuardNotice["level"], at: string, more: Partial<GuardNotice> = {}): GuardNotice {
  return { id, level, at, mine: true, done: false, ids: [id], given: [], ...more } as GuardNotice;
}

const early = notice("early", "high", "2026-11-23T10:00:00Z");
const late = notice("late", "high", "2026-11-23T10:05:00Z");
const grave = notice("grave", "critical", "2026-11-23T10:06:00Z");

describe("the card on the phone", () => {
  it("begins with one's own, the gravest, the latest; what is done is gone", () => {
    const others = notice("others", "critical", "2026-11-23T11:00:00Z", { mine: false });
    const done = notice("done", "critical", "2026-11-23T11:00:00Z", { done: true });
    expect(inOrder([early, others, late, grave, done]).map((one) => one.id)).toEqual(["grave", "late", "early", "others"]);
  });

  it("does not change under a thumb when one as grave comes, but when a graver one does", () => {
    expect(onCard(inOrder([early, late]), "", "early")?.id).toBe("early");
    expect(onCard(inOrder([early, late, grave]), "", "early")?.id).toBe("grave");
  });

  it("gives way to what awaits an answer once its own is given", () => {
    const answered = { ...early, given: [{ who: "me", mine: true, answer: "acknowledged", at: early.at }] } as GuardNotice;
    expect(onCard(inOrder([answered, late]), "", "early")?.id).toBe("late");
  });

  it("shows what a person chose, also by the name that another channel gave it, until it is done", () => {
    const named = notice("page", "low", "2026-11-23T09:00:00Z", { ids: ["page", "push"] });
    expect(onCard(inOrder([named, grave]), "push", "grave")?.id).toBe("page");
    expect(onCard(inOrder([grave]), "push", "page")?.id).toBe("grave");
    expect(onCard([], "", "page")).toBeUndefined();
  });
});
