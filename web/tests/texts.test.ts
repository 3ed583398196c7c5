import { describe, expect, it } from "vitest";

import { catalogue } from "../dev/fixtures";

describe("catalogue of the development server", () => {
  it("reads entries, continued lines and quotes; leaves out the header and what is not translated", () => {
    const text = [
      'msgid ""',
      'msgstr ""',
      '"Language: fr\\n"',
      "",
      'msgid "Room"',
      'msgstr "Pièce"',
      "",
      'msgid ""',
      '"A long "',
      '"sentence"',
      'msgstr "Une \\"longue\\" phrase"',
      "",
      'msgid "Not yet"',
      'msgstr ""',
      "",
    ].join("\n");
    expect(catalogue(text)).toEqual({ Room: "Pièce", "A long sentence": 'Une "longue" phrase' });
  });
});
