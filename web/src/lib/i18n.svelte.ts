import { get } from "./api";
import { fill } from "./fill";
import * as format from "./format";
import { kept, keep } from "./keep";
import type { Language } from "./types";

/** Sentences in the reader's language. The English sentence is the key; the catalogue comes from the server's gettext files. */
class Texts {
  language = $state<Language>("en");
  /** Time zone of the site: every screen shows its time, wherever the browser is. Unknown: the browser's. */
  zone = $state<string | undefined>();
  private catalogue = $state.raw<Record<string, string>>({});
  /** False while the sentences could not be had: English stands in their place. */
  whole = true;

  /** Load the catalogue of `language`; offline, the one kept from last time. */
  async use(language: Language): Promise<void> {
    const path = `/api/texts/${language}.json`;
    try {
      this.catalogue = await get<Record<string, string>>(path);
      this.whole = true;
      void keep(path, this.catalogue); // a device whose storage is slow must not keep the page waiting
    } catch {
      const last = await kept<Record<string, string>>(path);
      this.catalogue = last?.value ?? {};
      this.whole = last !== undefined;
    }
    this.language = language;
    document.documentElement.lang = language;
  }

  translate(sentence: string, args: Record<string, string | number>): string {
    return fill(this.catalogue[sentence] || sentence, args);
  }
}

export const texts = new Texts();

/** Return `sentence` in the reader's language, with `args` at its {places}. */
export function t(sentence: string, args: Record<string, string | number> = {}): string {
  return texts.translate(sentence, args);
}

export const span = (seconds: number): string => format.span(seconds, texts.language);
export const percent = (share: number): string => format.percent(share, texts.language);
export const number = (value: number, digits = 0): string => format.number(value, texts.language, digits);
export const bytes = (size: number): string => format.bytes(size, texts.language);
export const clock = (iso: string, now: number, seconds = false): string => format.clock(iso, texts.language, now, seconds, texts.zone);
