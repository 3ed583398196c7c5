import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

/** Writes `sw.js` with the list of built files that make the shell, and a version that changes with them. */
export function serviceWorker(): Plugin {
  return {
    name: "safecare-service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const built = Object.keys(bundle).filter((name) => /\.(js|css|woff2)$/.test(name));
      if (built.length === 0) this.error("the bundle is empty: no shell to keep offline");
      const files = ["/index.html", "/icon.svg", "/manifest.webmanifest", ...built.sort().map((name) => `/${name}`)];
      const source = readFileSync(new URL("../src/sw.js", import.meta.url), "utf8");
      const version = createHash("sha256").update(JSON.stringify(files)).update(source).digest("hex").slice(0, 12);
      this.emitFile({
        type: "asset",
        fileName: "sw.js",
        source: source.replace('"__VERSION__"', JSON.stringify(version)).replace('"__FILES__"', JSON.stringify(files)),
      });
    },
  };
}
