import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { fixtures } from "./dev/fixtures.ts";
import { licences } from "./dev/licences.ts";
import { serviceWorker } from "./dev/service-worker.ts";

/** With SAFECARE_API set (http://127.0.0.1:8600), the dev server talks to a running Safecare; else to web/fixtures. */
const api = process.env["SAFECARE_API"];

export default defineConfig({
  plugins: [svelte(), serviceWorker(), licences(), ...(api ? [] : [fixtures()])],
  build: {
    outDir: "../src/safecare/console/static",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    // The content security policy allows no data: addresses; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    ...(api ? { proxy: Object.fromEntries(["/api", "/sign-in", "/sign-out", "/a/", "/print", "/report"].map((path) => [path, api])) } : {}),
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
