/** Addresses of the console: a path is matched against patterns such as `/incident/:id`. Pure; the state is in router.svelte.ts. */

export type RouteName =
  | "board"
  | "incident"
  | "impact"
  | "drawing"
  | "cameras"
  | "guard"
  | "alerts"
  | "scenarios"
  | "run"
  | "health"
  | "rejects"
  | "inventory"
  | "audit"
  | "admin"
  | "account"
  | "crisis"
  | "share"
  | "detections"
  | "suppressions"
  | "availability"
  | "risk"
  | "unknown";

export interface Route {
  name: RouteName;
  params: Record<string, string>;
}

export const PATTERNS: [RouteName, string][] = [
  ["board", "/"],
  ["incident", "/incident/:id"],
  ["impact", "/incident/:id/impact"],
  ["drawing", "/drawing/:id"],
  ["drawing", "/drawing"],
  ["cameras", "/cameras/:id"],
  ["cameras", "/cameras"],
  ["guard", "/guard"],
  ["alerts", "/alerts"],
  ["scenarios", "/scenarios"],
  ["run", "/scenarios/runs/:run"],
  ["health", "/health"],
  ["rejects", "/rejects"],
  ["inventory", "/inventory"],
  ["audit", "/audit"],
  ["admin", "/admin"],
  ["account", "/account"],
  ["crisis", "/crisis"],
  ["share", "/share/:id"],
  ["detections", "/detections"],
  ["suppressions", "/suppressions"],
  ["availability", "/availability"],
  ["risk", "/risk"],
];

/** Return the route of `path`, with its decoded parameters; `unknown` if there is none. */
export function match(path: string): Route {
  const parts = split(path);
  for (const [name, pattern] of PATTERNS) {
    const params = fit(split(pattern), parts);
    if (params) return { name, params };
  }
  return { name: "unknown", params: {} };
}

function split(path: string): string[] {
  return path.split("/").filter(Boolean);
}

function fit(pattern: string[], parts: string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? "";
    if (!expected.startsWith(":")) {
      if (expected !== part) return null;
      continue;
    }
    try {
      params[expected.slice(1)] = decodeURIComponent(part);
    } catch {
      return null;
    }
  }
  return params;
}

/** True when a click on `link` should stay inside the page: same origin, no new window, no file, one of our routes. */
export function staysInside(link: HTMLAnchorElement, event: MouseEvent, origin: string): boolean {
  if (event.defaultPrevented || event.button !== 0) return false;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false;
  if (link.target && link.target !== "_self") return false;
  if (link.hasAttribute("download") || link.origin !== origin) return false;
  return match(link.pathname).name !== "unknown";
}
