/** Acts of a person that must reach the server exactly once, also when pressed without a network. */

import { ApiError } from "./api";

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

export interface Shelf {
  all(): Promise<Act[]>;
  put(act: Act): Promise<void>;
  remove(id: string): Promise<void>;
}

export type Send = (path: string, body: unknown) => Promise<unknown>;

/** Answers after which the same act may succeed later: signed out, time-out, too many, server in trouble or full. */
function passing(status: number): boolean {
  return status === 401 || status === 408 || status === 425 || status === 429 || status >= 500;
}

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

  /** Send what waits, oldest first. Stops at the first act that cannot be sent now. One run at a time: who asks
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
    for (const act of await this.waiting()) {
      try {
        await this.send(act.path, { ...act.body, id: act.id, at: act.at });
      } catch (problem) {
        if (!(problem instanceof ApiError) || passing(problem.status)) break;
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
