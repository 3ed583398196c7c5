import { get } from "./api";
import { COMPUTING } from "./resource.svelte";
import type { Recovery } from "./types";

/** Crews asked for at first. Chosen: what a hospital's own technicians are at night. */
const CREWS = 3;

/** How soon crews bring back what an incident breaks: played by the server when somebody asks, for as many crews as they say. */
export class Recovering {
  crews = $state(CREWS);
  value = $state.raw<Recovery | null>(null);
  busy = $state(false);
  failed = $state("");

  constructor(readonly incident: string) {}

  async ask(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failed = "";
    try {
      this.value = await get<Recovery>(`/api/incidents/${encodeURIComponent(this.incident)}/recovery?crews=${this.crews}`, { patience: COMPUTING });
    } catch (problem) {
      this.failed = problem instanceof Error ? problem.message : String(problem);
    } finally {
      this.busy = false;
    }
  }
}
