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
  readonly sites = new Resource<SiteLevels[]>("/api/sites", { offline: true });
  private readonly asks = new Map<string, () => void>();
  private readonly levels = new SvelteMap<string, Resource<FloorLevel>>();

  /** Read sites, then all levels, once. */
  async load(): Promise<void> {
    if (!this.sites.value) await this.sites.read();
    const ids = (this.sites.value ?? []).flatMap((site) => site.levels.map((level) => level.id));
    await Promise.all(
      ids.map((id) => {
        if (this.levels.has(id)) return Promise.resolve();
        const plan = new Resource<FloorLevel>(`/api/levels/${encodeURIComponent(id)}`, { offline: true });
        this.levels.set(id, plan);
        return plan.read();
      }),
    );
  }

  level(id: string): FloorLevel | null {
    return this.levels.get(id)?.value ?? null;
  }

  /** Follow what is drawn anew: geometry comes with the next read. Returns how to stop. */
  follow(): () => void {
    return live.onChange((change) => {
      if (change.topic !== "level") return;
      void this.sites.read();
      void (this.levels.get(change.id)?.read() ?? this.load());
    });
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
