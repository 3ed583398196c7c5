import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

/** What of others ends up in the built console. */
const SHIPPED = ["svelte/LICENSE.md", "@fontsource-variable/inter/LICENSE"];

/** Writes the licences of the libraries and fonts that the built console carries. */
export function licences(): Plugin {
  return {
    name: "safecare-licences",
    apply: "build",
    generateBundle() {
      const texts = SHIPPED.map((path) => {
        const text = readFileSync(new URL(`../node_modules/${path}`, import.meta.url), "utf8");
        return `${path.slice(0, path.lastIndexOf("/"))}\n\n${text.trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "third-party-licences.txt", source: texts.join("\n----\n\n") });
    },
  };
}
