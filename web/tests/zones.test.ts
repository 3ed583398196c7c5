import { describe, expect, test } from "vitest";

import { type ZonesFile, added, extended, frame, opened, removed, reshaped, sent, shapes, turned } from "../src/lib/zones";

const NONE: ZonesFile = { zones: [], size: [0, 0], coordinates: "pixels", calibration: null, masks: [] };
const AREA: ZonesFile = { ...NONE, size: [640, 360], zones: [{ id: "desk", kind: "intrusion", polygon: [[0, 0], [10, 0], [10, 10]] }] };

describe("a file that is opened", () => {
  test("shares of the picture become pixels; the size of the picture is written down", () => {
    const file = opened({ ...NONE, coordinates: "fractions", zones: [{ id: "a", kind: "line", line: [[0, 0.5], [1, 0.5]] }], masks: [[[0, 0], [0.5, 0], [0.5, 0.5]]] }, [1280, 720]);
    expect(file).toMatchObject({ coordinates: "pixels", size: [1280, 720], masks: [[[0, 0], [640, 0], [640, 360]]] });
    expect(file.zones[0]?.line).toEqual([[0, 360], [1280, 360]]);
  });

  test("metres stay metres, and pixels of an unknown picture get no size that nobody has said", () => {
    expect(opened({ ...AREA, coordinates: "metres" }, [1280, 720]).coordinates).toBe("metres");
    expect(opened({ ...AREA, size: [0, 0] }, null).size).toEqual([0, 0]);
    expect(opened({ ...AREA, size: [0, 0] }, [1280, 720]).size).toEqual([1280, 720]);
    expect(opened(NONE, null).size).toEqual([640, 360]);
    expect(frame({ ...AREA, size: [0, 0], masks: [[[900, 0], [1, 1], [2, 3]]] })).toEqual([900, 360]);
  });
});

describe("drawing", () => {
  test("a new shape has a name of its own and can be taken away", () => {
    const [one, key] = added(AREA, "line", [[1, 1], [2, 2]]);
    expect([key, one.zones[1]]).toEqual(["zone 1", { id: "line-1", kind: "line", line: [[1, 1], [2, 2]], direction: "both" }]);
    expect(added(one, "line", [])[0].zones[2]?.id).toBe("line-1.2");
    expect(removed(one, key)).toEqual(AREA);
    const [masked, mask] = added(AREA, "mask", [[0, 0], [1, 0], [1, 1]]);
    expect(removed(reshaped(masked, mask, []), mask)).toEqual(AREA);
  });

  test("points are changed where they stand", () => {
    expect(shapes(reshaped(AREA, "zone 0", [[5, 5]]))[0]?.points).toEqual([[5, 5]]);
    expect(extended([[0, 0], [10, 0], [10, 10]], [640, 360]).at(-1)).toEqual([5, 5]);
  });

  test("an area becomes a line and a line an area", () => {
    const line = turned({ id: "a", kind: "intrusion", polygon: [[0, 0], [1, 0], [1, 1]], hours: "20:00-06:00" }, "line");
    expect(line).toEqual({ id: "a", kind: "line", line: [[0, 0], [1, 0]], direction: "both", hours: "20:00-06:00" });
    expect(turned({ ...line, door: "door.1" }, "crowd")).toEqual({ id: "a", kind: "crowd", polygon: [[0, 0], [1, 0]], hours: "20:00-06:00" });
  });
});

test("what nobody has filled in is not sent", () => {
  const calibration = { picture: [[1, 2], null, null, null] as [number, number][], floor: [null, null, null, null] };
  const zones = [{ id: "a", kind: "running" as const, polygon: [], hours: "", seconds: null, towards: [0, 0] as [number, number] }];
  expect(sent({ ...NONE, zones, calibration })).toEqual({ coordinates: "pixels", calibration: { picture: [[1, 2]], floor: [] }, zones: [{ id: "a", kind: "running" }] });
});
