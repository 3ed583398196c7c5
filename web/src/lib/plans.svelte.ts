import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";

import { coalesce } from "./coalesce";
import { rank } from "./levels";
import { live } from "./live.svelte";
import { Resource } from "./resource.svelte";
import type { FloorLevel, SiteLevels } from "./types-site";
import type { Card, Level } from "./types";

/** Milliseconds (and as many more by chance) until things on a plan are read again: hundreds of screens must not ask at once. */
const SOON = 1_500;

/** The plans of all sites, kept on the device for when the network is gone. */
class Plans {
  readonly sites = new Resource<SiteLevels[]>("/api/sites", { offline: true, spread: SOON });
  private readonly ids = $derived((this.sites.value ?? []).flatMap((site) => site.levels.map((level) => level.id)).join("\n"));
  private readonly asks = new Map<string, () => void>();
  private readonly levels = new SvelteMap<string, Resource<FloorLevel>>();

  level(id: string): FloorLevel | null {
    return this.levels.get(id)?.value ?? null;
  }

  /** Keep the list of sites read, and what is drawn anew. Returns how to stop. For use in `$effect`. */
  follow(): () => void {
    const stops = [
      this.sites.follow(),
      live.onChange((change) => {
        if (change.topic !== "level") return;
        void this.sites.read();
        void this.levels.get(change.id)?.read();
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }

  /** Keep all levels of all sites read. Returns how to stop. For use in `$effect`. */
  followLevels(): () => void {
    const stops = this.ids.split("\n").filter(Boolean).map((id) => untrack(() => this.one(id)).follow());
    return () => stops.forEach((stop) => stop());
  }

  private one(id: string): Resource<FloorLevel> {
    const known = this.levels.get(id);
    if (known) return known;
    const made = new Resource<FloorLevel>(`/api/levels/${encodeURIComponent(id)}`, { offline: true, spread: SOON });
    this.levels.set(id, made);
    return made;
  }

  /** Return whether the plan `id`, or the list of plans, is still being read. */
  waiting(id: string): boolean {
    return this.sites.loading || (id !== "" && (this.levels.get(id)?.loading ?? true));
  }

  /** Read the state of one level again, soon: rooms have their colour from the incidents already. */
  refresh(id: string): void {
    const ask = this.asks.get(id) ?? coalesce(() => this.levels.get(id)?.read() ?? Promise.resolve(), () => SOON + Math.random() * SOON);
    this.asks.set(id, ask);
    ask();
  }

  /** Return the level on which `zone` lies. */
  levelOf(zone: string): string | undefined {
    for (const [id, plan] of this.levels) {
      if (plan.value?.zones.some((one) => one.id === zone)) return id;
    }
    return undefined;
  }

  /** Return all zones of all sites, by name. */
  zones(): { id: string; name: string; level: string }[] {
    return [...this.levels.values()]
      .flatMap(({ value }) => value?.zones.map((zone) => ({ id: zone.id, name: zone.name, level: value.name })) ?? [])
      .sort((one, other) => one.name.localeCompare(other.name));
  }
}

export const plans = new Plans();

/** Return the worst level of an open incident by zone. */
export function worstByZone(incidents: Card[]): Record<string, Level> {
  const worst: Record<string, Level> = {};
  for (const { level, zones } of incidents) {
    for (const { id } of zones) {
      if (rank(level) > rank(worst[id])) worst[id] = level;
    }
  }
  return worst;
}
