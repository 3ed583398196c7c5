/** One plan being drawn: the draft, what is chosen, undo, and what the server says of it. */

import { ApiError, get, newId, post } from "./api";
import { type Draft, type DrawnDoor, type DrawnRoom, type DrawnThing, History, type TwoNames, doorAt, freshId, rectangle, removeRoom, roomAt } from "./draw";
import { t, texts } from "./i18n.svelte";
import type { Point } from "./types-site";
import type { Named } from "./types";

export type Tool = "choose" | "rectangle" | "polygon" | "door" | "place";

export interface Version {
  number: number;
  at: string;
  author: string;
  comment: string;
  undoes: number | null;
}

interface Editor extends Draft {
  level: Named;
  /** Whether the reader may change it: drawing is part of the role, and the whole storey is theirs. */
  may: boolean;
  building: string;
  version: number;
  versions: Version[];
}

export interface Imported {
  rooms: DrawnRoom[];
  doors: DrawnDoor[];
  remarks: { place: string; reason: string }[];
  unit: number;
}

export interface Checked {
  changes: string[];
  problems: string[];
}

/** Return a name in the reader's language, else in the other one. */
export function called(name: TwoNames): string {
  return texts.language === "fr" ? name.fr || name.en : name.en || name.fr;
}

export class Drafting {
  draft = $state.raw<Draft>({ rooms: [], doors: [], things: [] });
  editor = $state.raw<Editor | null>(null);
  tool = $state<Tool>("choose");
  /** Id of the chosen room, door or thing. */
  chosen = $state("");
  /** Corners of a room that is being drawn. */
  open = $state.raw<Point[]>([]);
  problem = $state("");
  /** What was just done, for those who do not see it. */
  said = $state("");
  private kept = $state.raw<Draft | null>(null);
  private steps = $state(0);
  private readonly history = new History<Draft>();

  readonly room = $derived(this.draft.rooms.find((one) => one.id === this.chosen) ?? null);
  readonly door = $derived(this.draft.doors.find((one) => one.id === this.chosen) ?? null);
  readonly thing = $derived(this.draft.things.find((one) => one.id === this.chosen) ?? null);
  /** True while something is drawn that is not saved. */
  readonly dirty = $derived(this.draft !== this.kept);
  readonly canUndo = $derived(this.steps >= 0 && this.history.canUndo);
  readonly canRedo = $derived(this.steps >= 0 && this.history.canRedo);

  constructor(private readonly level: string) {}

  private get path(): string {
    return `/api/drawings/${encodeURIComponent(this.level)}`;
  }

  async load(): Promise<void> {
    try {
      this.editor = await get<Editor>(this.path);
      const { rooms, doors, things } = this.editor;
      this.draft = { rooms, doors, things };
      this.kept = this.draft;
      this.problem = "";
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      this.problem = reason instanceof ApiError ? reason.message : t("The server does not answer.");
    }
  }

  /** Put `next` in the place of the draft; it can be undone. */
  change(next: Draft, said = ""): void {
    this.history.keep(this.draft);
    this.draft = next;
    this.steps += 1;
    this.said = said;
  }

  /** Show `next` while something is dragged; only the first of a drag is remembered (`keep`). */
  drag(next: Draft, keep: boolean): void {
    if (keep) this.change(next);
    else this.draft = next;
  }

  undo(): void {
    this.draft = this.history.undo(this.draft);
    this.steps += 1;
    this.said = t("Undone");
  }

  redo(): void {
    this.draft = this.history.redo(this.draft);
    this.steps += 1;
    this.said = t("Done again");
  }

  setRoom(id: string, change: Partial<DrawnRoom>): void {
    this.change({ ...this.draft, rooms: this.draft.rooms.map((one) => (one.id === id ? { ...one, ...change } : one)) });
  }

  setDoor(id: string, change: Partial<DrawnDoor>): void {
    this.change({ ...this.draft, doors: this.draft.doors.map((one) => (one.id === id ? { ...one, ...change } : one)) });
  }

  /** Place a thing; without a place it stands in the middle of nowhere of its room. */
  place(id: string, at: Point | null, zone: string | null): void {
    this.change({ ...this.draft, things: this.draft.things.map((one) => (one.id === id ? { ...one, at, zone } : one)) }, t("Placed"));
  }

  addRoom(outline: Point[]): void {
    const number = this.draft.rooms.length + 1;
    const name = { en: `Room ${number}`, fr: `Pièce ${number}` };
    const id = freshId(`${this.level}.room-${number}`, this.ids());
    this.change({ ...this.draft, rooms: [...this.draft.rooms, { id, name, category: "room", security: "staff", outline }] }, t("Room added"));
    this.chosen = id;
  }

  addRectangle(one: Point, other: Point): void {
    const outline = rectangle(one, other);
    if (outline) this.addRoom(outline);
  }

  addDoor(at: Point): void {
    const found = doorAt(this.draft.rooms, at);
    if (!found) {
      this.said = t("No wall between two rooms is near.");
      return;
    }
    const [one, other] = found.between.map((id) => this.draft.rooms.find((room) => room.id === id)?.name ?? { en: id, fr: id });
    const id = freshId(`door.${found.between[0]}.${found.between[1].split(".").at(-1)}`, this.ids());
    this.change({ ...this.draft, doors: [...this.draft.doors, { id, ...found, name: { en: `Door: ${one?.en} / ${other?.en}`, fr: `Porte : ${one?.fr} / ${other?.fr}` } }] }, t("Door added"));
    this.chosen = id;
  }

  placeAt(at: Point): void {
    if (this.thing) this.place(this.thing.id, at, roomAt(this.draft.rooms, at)?.id ?? null);
  }

  remove(): void {
    if (this.room) this.change(removeRoom(this.draft, this.room.id), t("Room removed"));
    else if (this.door) this.change({ ...this.draft, doors: this.draft.doors.filter((one) => one.id !== this.chosen) }, t("Door removed"));
    else if (this.thing) this.place(this.thing.id, null, null);
    this.chosen = "";
  }

  /** Take over what was read from a drawing: it stands in the place of rooms and doors; ways to other storeys stay. */
  take(read: Imported): void {
    const rooms = new Set(this.draft.rooms.map((room) => room.id));
    const left = new Set(read.rooms.map((room) => room.id));
    const away = this.draft.doors.filter((door) => !door.between.every((id) => rooms.has(id)) && door.between.every((id) => left.has(id) || !rooms.has(id)));
    this.change({ rooms: read.rooms, doors: [...read.doors, ...away], things: this.draft.things }, t("Drawing taken over"));
  }

  async check(): Promise<Checked> {
    return (await post<Checked>(`${this.path}/preview`, this.body(""))) ?? { changes: [], problems: [] };
  }

  async save(comment: string): Promise<void> {
    await post(this.path, this.body(comment));
    await this.load();
  }

  async bringBack(to: number): Promise<void> {
    await post(`${this.path}/undo`, { to, base: this.editor?.version ?? 0, id: newId() });
    await this.load();
  }

  async read(file: File, form: string, storey: string, unit: number): Promise<Imported> {
    const query = new URLSearchParams({ form, storey, unit: String(unit) });
    const answer = await fetch(`${this.path}/import?${query}`, { method: "POST", credentials: "same-origin", headers: { "X-Safecare": "1", "Content-Type": "application/octet-stream" }, body: file });
    const body = (await answer.json()) as Imported & { detail?: string };
    if (!answer.ok) throw new ApiError(answer.status, body.detail ?? answer.statusText);
    return body;
  }

  private body(comment: string): object {
    const things = this.draft.things.map(({ id, zone, at }) => ({ id, zone, at }));
    const known = new Map((this.editor?.things ?? []).map((one: DrawnThing) => [one.id, one]));
    const moved = things.filter((one) => JSON.stringify([one.zone, one.at]) !== JSON.stringify([known.get(one.id)?.zone, known.get(one.id)?.at]));
    return { rooms: this.draft.rooms, doors: this.draft.doors, things: moved, base: this.editor?.version ?? 0, comment, id: newId() };
  }

  private ids(): string[] {
    return [...this.draft.rooms, ...this.draft.doors, ...this.draft.things].map((one) => one.id);
  }
}
