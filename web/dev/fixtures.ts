import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Plugin } from "vite";

/** Serves web/fixtures as if it were the back end, for work on the screens alone. Never part of a build. */

const FOLDER = new URL("../fixtures/", import.meta.url);
const CATALOGUE = new URL("../../src/safecare/locale/fr/LC_MESSAGES/safecare.po", import.meta.url);
/** Milliseconds between beats, as on the real stream. */
const BEAT = 3000;
const POLICY = "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Return the fixture `name`; strings such as "@-90" become the time so many seconds from now. */
export function fixture(name: string, now = Date.now()): unknown {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), "utf8");
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "string" && /^@-?\d+$/.test(value) ? new Date(now + 1000 * Number(value.slice(1))).toISOString() : value,
  );
}

/** Return english -> translation of a gettext file (simple entries; the tools of the back end do the rest). */
export function catalogue(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const quoted = (lines: string): string =>
    [...lines.matchAll(/"((?:\\.|[^"\\])*)"/g)].map((part) => JSON.parse(`"${part[1]}"`) as string).join("");
  for (const entry of text.matchAll(/^msgid ((?:".*"\n?)+)msgstr ((?:".*"\n?)+)/gm)) {
    const [key, value] = [quoted(entry[1] ?? ""), quoted(entry[2] ?? "")];
    if (key && value) found[key] = value;
  }
  return found;
}

const FILES: [RegExp, (match: RegExpMatchArray) => string][] = [
  [/^\/api\/me$/, () => "me"],
  [/^\/api\/board$/, () => "board"],
  [/^\/api\/incidents\/[^/]+$/, () => "incident"],
  [/^\/api\/incidents\/[^/]+\/forecast$/, () => "forecast"],
  [/^\/api\/incidents\/[^/]+\/plan$/, () => "plan"],
  [/^\/api\/sites$/, () => "sites"],
  [/^\/api\/levels\/([^/]+)$/, (match) => `level-${match[1]}`],
  [/^\/api\/(guard|health|rejects|audit|scenarios|alerts)$/, (match) => match[1] ?? ""],
  [/^\/api\/scenarios\/runs\/[^/]+$/, () => "run"],
];

export function fixtures(): Plugin {
  return {
    name: "safecare-fixtures",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use(serve);
    },
    // `vite preview` serves what was built, under the policy of the real server: what it forbids must fail here too.
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        response.setHeader("Content-Security-Policy", POLICY);
        next();
      });
      server.middlewares.use(serve);
    },
  };
}

function serve(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const path = new URL(request.url ?? "/", "http://fixtures").pathname;
  if (!path.startsWith("/api/") && path !== "/sign-out") next();
  else answer(path, request, response);
}

function answer(path: string, request: IncomingMessage, response: ServerResponse): void {
  const json = (value: unknown, status = 200): void => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  };
  if (path === "/api/live") {
    beat(request, response);
    return;
  }
  if (path.startsWith("/api/texts/")) {
    json(path.includes("/fr.") && existsSync(CATALOGUE) ? catalogue(readFileSync(CATALOGUE, "utf8")) : {});
    return;
  }
  if (request.method === "POST") {
    json(path.endsWith("/run") ? { run: "1" } : path === "/api/invitations" ? { url: "/sign-in/example", expires: new Date(Date.now() + 18e5) } : {});
    return;
  }
  for (const [pattern, name] of FILES) {
    const match = path.match(pattern);
    if (!match) continue;
    const file = name(match);
    if (existsSync(new URL(`${file}.json`, FOLDER))) {
      const value = fixture(file);
      const language = process.env["SAFECARE_LANGUAGE"];
      json(file === "me" && language ? { ...(value as object), language } : value);
      return;
    }
  }
  json({ detail: "There is nothing here." }, 404);
}

function beat(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const send = (): boolean => response.write(`event: beat\ndata: ${JSON.stringify({ at: new Date().toISOString(), exercise: null })}\n\n`);
  send();
  const timer = setInterval(send, BEAT);
  request.on("close", () => clearInterval(timer));
}
