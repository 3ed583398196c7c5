import { type Route, match, staysInside } from "./route";

class Router {
  route = $state<Route>(match(location.pathname));

  constructor() {
    addEventListener("popstate", () => (this.route = match(location.pathname)));
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (!link || !staysInside(link, event, location.origin)) return;
      if (link.pathname === location.pathname && link.hash) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }

  /** Go to `path`; a new page starts at its top, with the focus on its heading (a person asked for it). */
  go(path: string): void {
    if (path === location.pathname) return;
    history.pushState(null, "", path);
    this.route = match(location.pathname);
    scrollTo(0, 0);
    requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true }));
  }
}

export const router = new Router();
