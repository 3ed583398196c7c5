/** What part of a plan is seen: zoom, pan by pointer, fingers and buttons. Metres, in screen direction. */

import { type Box, pinched, shaped, zoomed } from "./plan";
import type { Point } from "./types-site";

/** Closest view: metres across. */
const CLOSEST = 6;
/** Farthest view, as share of the whole. */
const FARTHEST = 1.6;
/** Pixels that a pointer moves before it drags. */
const SLACK = 4;

export class View {
  width = $state(0);
  height = $state(0);
  private whole: () => Box = () => ({ x: 0, y: 0, w: 1, h: 1 });
  private chosen = $state.raw<Box | null>(null);
  private drag: { x: number; y: number; box: Box; moved: boolean } | null = null;
  private readonly fingers = new Map<number, Point>();
  private pinch: { from: [Point, Point]; box: Box } | null = null;

  readonly box: Box = $derived(this.chosen ?? shaped(this.whole(), this.width, this.height));
  /** Metres of one pixel. */
  readonly pixel = $derived(this.width > 0 ? this.box.w / this.width : 0.05);
  /** Root letter size by 16 pixels: walls show everything larger. */
  readonly em = $derived(this.width > 0 ? Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 : 1);
  /** True while another part than the whole is seen. */
  readonly moved = $derived(this.chosen !== null);

  /** `whole` is what is seen at first. */
  constructor(whole: () => Box) {
    this.whole = whole;
  }

  reset(): void {
    this.chosen = null;
  }

  /** Show `box`, widened to the shape of the screen. */
  show(box: Box): void {
    this.chosen = shaped(box, this.width, this.height);
  }

  zoom(factor: number, fx = 0.5, fy = 0.5): void {
    const next = zoomed(this.box, factor, fx, fy);
    const limit = shaped(this.whole(), this.width, this.height);
    if (next.w >= CLOSEST && next.w <= limit.w * FARTHEST) this.chosen = next;
  }

  /** Move by shares of what is seen. */
  pan(dx: number, dy: number): void {
    this.chosen = { ...this.box, x: this.box.x + dx * this.box.w, y: this.box.y + dy * this.box.h };
  }

  /** Zoom with the wheel on `element`; returns how to stop. The listener must be able to stop the page from scrolling: not passive. */
  wheel(element: Element | undefined): () => void {
    const listener = (event: Event): void => {
      if (!(event instanceof WheelEvent)) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, event.offsetX / this.width, event.offsetY / this.height);
    };
    element?.addEventListener("wheel", listener, { passive: false });
    return () => element?.removeEventListener("wheel", listener);
  }

  /** Begin to drag with the mouse, or with one finger if `finger`; two fingers always zoom. */
  press(event: PointerEvent, finger = false): void {
    if (event.button !== 0) return;
    if (event.pointerType !== "mouse") {
      this.fingers.set(event.pointerId, place(event));
      const [one, other] = this.fingers.values();
      if (one && other) {
        this.drag = null;
        this.pinch = { from: [one, other], box: this.box };
        return;
      }
    }
    if (finger || event.pointerType === "mouse") this.drag = { x: event.clientX, y: event.clientY, box: this.box, moved: false };
  }

  move(event: PointerEvent): void {
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, place(event));
    const [one, other] = this.fingers.values();
    if (this.pinch && one && other) {
      const limit = shaped(this.whole(), this.width, this.height);
      this.chosen = pinched(this.pinch.box, { from: this.pinch.from, to: [one, other] }, this.width, CLOSEST, limit.w * FARTHEST);
    }
    if (!this.drag) return;
    const [dx, dy] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
    if (!this.drag.moved && Math.hypot(dx, dy) < SLACK) return;
    this.drag.moved = true;
    this.chosen = { ...this.drag.box, x: this.drag.box.x - dx * this.pixel, y: this.drag.box.y - dy * this.pixel };
  }

  /** End dragging, or lift the finger of `event`; true if it was more than a press. */
  release(event?: PointerEvent): boolean {
    const moved = this.pinch !== null || (this.drag?.moved ?? false);
    this.drag = null;
    if (event) this.fingers.delete(event.pointerId);
    if (this.fingers.size === 0) this.pinch = null;
    return moved;
  }
}

/** Where a pointer is, pixels from the left upper corner of the plan. */
function place(event: PointerEvent): Point {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
