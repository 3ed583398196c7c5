/** Acts of a person that must reach the server exactly once, also when pressed without a network. */

import { ApiError, passes } from "./api";

export interface Act {
  /** Chosen by this device; the server takes an act with a known id only once. */
  id: string;
  path: string;
  body: Record<string, unknown>;
  /** When the button was pressed, ISO 8601. */
  at: string;
  /** Who pressed it: on a shared phone, nobody's act is sent in the name of who comes next. */
  who?: string;
  /** Why the server refused it for good; empty while it waits. */
  refused?: string;
}

/** Characters of an act that a bad network takes long for (chosen: a photo or a voice note is beyond, words are not). */
const HEAVY = 20_000;

/** HTTP: the server itself failed over what it was asked. */
const FAULT = 500;

/** Return whether `act` carries a picture or a voice: others must not wait behind it. */
export function heavy(act: Act): boolean {
  return Object.values(act.body).some((value) => typeof value === "string" && value.length > HEAVY);
}

export interface Shelf {
  all(): Promise<Act[]>;
  put(act: Act): Promise<void>;
  remove(id: string): Promise<void>;
}

export type Send = (path: string, body: unknown) => Promise<unknown>;

export class Queue {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(
    private readonly shelf: Shelf,
    private readonly send: Send,
    private readonly changed: (waiting: Act[]) => void = () => undefined,
    /** Who is signed in now; empty: not known, then nothing is sent that has a name. */
    private readonly me: () => string = () => "",
  ) {}

  /** Keep `act` durably, then try to send. Resolves when it is kept. */
  async add(act: Act): Promise<void> {
    await this.shelf.put(act);
    await this.tell();
    void this.flush();
  }

  /** Send what waits, oldest first. Stops at the first act that cannot be sent now (see `run` for one that the server fails over). One run at a time: who asks
   *  during a run gets the one after it, so that nothing added before asking is left out. */
  flush(): Promise<void> {
    this.next ??= (this.running ?? Promise.resolve()).then(() => {
      this.next = undefined;
      this.running = this.run().finally(() => (this.running = undefined));
      return this.running;
    });
    return this.next;
  }

  /** Forget an act that the server refused, once a person has seen why. */
  async dismiss(id: string): Promise<void> {
    await this.shelf.remove(id);
    await this.tell();
  }

  private async run(): Promise<void> {
    const stuck = new Set<string>();
    for (const act of await this.waiting()) {
      if (stuck.has(act.path)) continue;
      try {
        await this.send(act.path, { ...act.body, id: act.id, at: act.at });
      } catch (problem) {
        if (problem instanceof ApiError && problem.status === FAULT) {
          stuck.add(act.path); // the server stumbles over this one: what is about something else must not wait behind it
          continue;
        }
        if (!(problem instanceof ApiError) || passes(problem)) break;
        await this.shelf.put({ ...act, refused: problem.message });
        continue;
      }
      await this.shelf.remove(act.id);
    }
    await this.tell();
  }

  private async waiting(): Promise<Act[]> {
    const acts = (await this.mine()).filter((act) => !act.refused);
    return acts.sort((one, other) => one.at.localeCompare(other.at));
  }

  private async mine(): Promise<Act[]> {
    return (await this.shelf.all()).filter((act) => !act.who || act.who === this.me());
  }

  private async tell(): Promise<void> {
    this.changed(await this.mine());
  }
}
