import { acts } from "./acts.svelte";
import { ApiError, post } from "./api";
import { texts } from "./i18n.svelte";
import { forget } from "./keep";
import { Resource } from "./resource.svelte";
import type { Language, Me } from "./types";

export type Theme = "dark" | "day" | "auto";

/** Who is signed in, in which language and theme. */
class Session {
  readonly me = new Resource<Me>("/api/me", { when: (change) => change.topic === "exercise", offline: true, every: 15_000 });
  theme = $state<Theme>(readTheme());
  ready = $state(false);
  signedOut = $derived(this.me.error instanceof ApiError && this.me.error.status === 401);

  async start(): Promise<void> {
    this.show();
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.show());
    // The language is guessed as the server does, so that nothing waits for anything.
    const guess = /safecare_language=(fr|en)/.exec(document.cookie)?.[1] ?? (navigator.language.startsWith("fr") ? "fr" : "en");
    await Promise.all([this.me.read(), texts.use(guess as Language)]);
    const language = this.me.value?.language ?? guess;
    if (language !== guess) await texts.use(language as Language);
    this.ready = true;
    this.me.follow(false); // also while signed out: who signs in beside this page finds it open
  }

  async speak(language: Language): Promise<void> {
    await texts.use(language);
    await post("/api/me", { language });
    await this.me.read();
    // Texts of incidents come rendered from the server: everything on screen is read again in the new language.
    location.reload();
  }

  dress(theme: Theme): void {
    this.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // A browser that keeps nothing: the theme holds while the page is open.
    }
    this.show();
  }

  async signOut(): Promise<void> {
    await acts.settle(); // what was pressed goes out in the name of who pressed it
    const left = await post<{ next: string }>("/sign-out");
    await forget();
    location.assign(left?.next ?? "/");
  }

  private show(): void {
    const light = matchMedia("(prefers-color-scheme: light)").matches;
    document.documentElement.dataset["theme"] = this.theme === "auto" ? (light ? "day" : "dark") : this.theme;
  }
}

function readTheme(): Theme {
  try {
    const found = localStorage.getItem("theme");
    return found === "dark" || found === "day" ? found : "auto";
  } catch {
    return "auto";
  }
}

export const session = new Session();
