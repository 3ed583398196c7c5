import { expect, test } from "vitest";
import { flood, groups } from "../src/lib/flood";
import type { ListedAlert } from "../src/lib/types";

const NOW = Date.parse("2026-03-02T08:00:00Z");

function alert(id: number, minutes: number, incident: string | null, severity = 50): ListedAlert {
  const last = new Date(NOW - minutes * 60_000).toISOString();
  return { id: String(id), last, incident, severity, level: severity >= 90 ? "critical" : "medium" } as ListedAlert;
}

test("more than ten alarms in ten minutes are a flood", () => {
  const ten = Array.from({ length: 10 }, (_, index) => alert(index, index / 2, null));
  expect(flood(ten, NOW)).toEqual({ count: 10, flooded: false });
  expect(flood([...ten, alert(11, 9, null)], NOW)).toEqual({ count: 11, flooded: true });
  expect(flood([...ten, alert(11, 11, null)], NOW).flooded).toBe(false);
});

test("no alert is lost in the groups, and the gravest stands first", () => {
  const list = [alert(1, 1, "a"), alert(2, 2, null), alert(3, 3, "b", 95), alert(4, 4, "a", 60)];
  const found = groups(list);
  expect(found.flatMap((one) => one.alerts.map((each) => each.id)).toSorted()).toEqual(["1", "2", "3", "4"]);
  expect(found.map((one) => [one.incident, one.gravest.id])).toEqual([
    ["b", "3"],
    ["a", "4"],
    [null, "2"],
  ]);
});
