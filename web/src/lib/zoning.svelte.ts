/** The zones of one camera being drawn: the draft, what is chosen, undo, and saving. */

import { ApiError, get, newId, post } from "./api";
import { History } from "./draw";
import type { Version } from "./drafting.svelte";
import { t } from "./i18n.svelte";
import type { Point } from "./types-site";
import type { Named } from "./types";
import { type Pairs, type Zone, type ZonesFile, added, frame, opened, removed, reshaped, sent, start } from "./zones";

export type ZoneTool = "choose" | "area" | "line" | "mask" | "pair";

interface ZonesView {
  camera: Named;
  level: string | null;
  doors: Named[];
  still: string | null;
  size: [number, number] | null;
  version: number;
  versions: Version[];
  file: ZonesFile | null;
}

/** What the zones would have told of the last day. */
export interface Tried {
  since: string;
  seen: number;
  alarms: { rule: string; title: string; count: number; first: string; last: string }[];
}

const NONE: ZonesFile = { zones: [], size: [0, 0], coordinates: "pixels", calibration: null, masks: [] };

export class Zoning {
  file = $state.raw<ZonesFile>(NONE);
  view = $state.raw<ZonesView | null>(null);
  tool = $state<ZoneTool>("choose");
  /** Key of the chosen shape. */
  chosen = $state("");
  /** Points of a shape that is being drawn. */
  open = $state.raw<Point[]>([]);
  /** Number of the pair that the pointer sets, from 0. */
  pair = $state(0);
  problem = $state("");
  /** What was just done, for those who do not see it. */
  said = $state("");
  private kept = $state.raw<ZonesFile>(NONE);
  private steps = $state(0);
  private readonly history = new History<ZonesFile>();

  readonly dirty = $derived(this.file !== this.kept);
  readonly canUndo = $derived(this.steps >= 0 && this.history.canUndo);

  constructor(private readonly camera: string) {}

  private get path(): string {
    return `/api/cameras/${encodeURIComponent(this.camera)}/zones`;
  }

  /** Read the newest version, or an older one to be looked at, and saved again as the newest. */
  async load(version?: number): Promise<void> {
    try {
      this.view = await get<ZonesView>(version === undefined ? this.path : `${this.path}?version=${version}`);
      const file = opened(this.view.file ?? NONE, this.view.size);
      if (version === undefined) this.kept = file;
      this.file = file;
      this.problem = this.view.file ? "" : t("This zones file can't be read. What you save stands in its place.");
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      this.problem = reason instanceof ApiError ? reason.message : t("The server does not answer.");
    }
  }

  change(next: ZonesFile, said = ""): void {
    this.history.keep(this.file);
    this.file = next;
    this.steps += 1;
    this.said = said;
  }

  /** Show `next` while something is dragged; only the first of a drag is remembered (`keep`). */
  drag(next: ZonesFile, keep: boolean): void {
    if (keep) this.change(next);
    else this.file = next;
  }

  undo(): void {
    this.file = this.history.undo(this.file);
    this.steps += 1;
    this.said = t("Undone");
  }

  add(kind: "area" | "line" | "mask", points: Point[] = start(kind, frame(this.file))): void {
    const [next, key] = added(this.file, kind, points);
    this.change(next, t("Added"));
    this.chosen = key;
    this.open = [];
  }

  remove(key: string): void {
    this.change(removed(this.file, key), t("Removed"));
    this.chosen = "";
  }

  setPoints(key: string, points: Point[]): void {
    this.change(reshaped(this.file, key, points));
  }

  setZone(index: number, zone: Zone): void {
    this.change({ ...this.file, zones: this.file.zones.map((one, at) => (at === index ? zone : one)) });
  }

  /** Set a point of the pair `index` in the picture or on the floor. */
  setPair(where: keyof Pairs, index: number, point: Point): void {
    const none = [null, null, null, null];
    const pairs = this.file.calibration ?? { picture: none, floor: none };
    this.change({ ...this.file, calibration: { ...pairs, [where]: none.map((_, at) => (at === index ? point : (pairs[where][at] ?? null))) } }, t("Point {n} is set", { n: index + 1 }));
  }

  /** Ask what the draft would have told of the last day; nothing is saved. */
  async tryOut(): Promise<Tried | null> {
    return post<Tried>(`${this.path}/try`, { file: sent(this.file) });
  }

  async save(comment: string): Promise<void> {
    await post(this.path, { file: sent(this.file), base: this.view?.version ?? 0, comment, id: newId() });
    await this.load();
    this.said = t("Saved as version {n}", { n: this.view?.version ?? 0 });
  }
}
