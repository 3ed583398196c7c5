import { type Route, match, staysInside } from "./route";

/** Milliseconds in which a page that is still loading may take the focus (chosen: later it would surprise). */
const PATIENCE = 2000;

class Router {
  route = $state.raw<Route>(match(location.pathname));
  private path = location.pathname;
  private stay: (() => boolean) | null = null;

  constructor() {
    addEventListener("popstate", () => {
      // A link within the page comes here too: the page must stay, with what is open and where one was.
      if (location.pathname === this.path) return;
      if (this.stay?.()) {
        history.pushState(null, "", this.path);
        return;
      }
      this.path = location.pathname;
      this.route = match(this.path);
    });
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (!link || !staysInside(link, event, location.origin)) return;
      if (link.pathname === location.pathname && link.hash) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }

  /** Ask `stay` before this page is left: true keeps the person here. Returns how to stop asking. For use in `$effect`. */
  hold(stay: () => boolean): () => void {
    this.stay = stay;
    return () => void (this.stay === stay && (this.stay = null)); // the next page may ask already
  }

  /** Go to `path`; a new page starts at its top, with the focus on its heading (a person asked for it). */
  go(path: string): void {
    if (path === location.pathname || this.stay?.()) return;
    const before = document.querySelector("main h1");
    history.pushState(null, "", path);
    this.path = location.pathname;
    this.route = match(this.path);
    scrollTo(0, 0);
    this.focusHeading(before, performance.now() + PATIENCE);
  }

  /** Focus the heading of the new page once it is there, unless the person has moved on meanwhile. */
  private focusHeading(before: Element | null, until: number): void {
    requestAnimationFrame((now) => {
      const heading = document.querySelector<HTMLElement>("main h1");
      if (heading && heading !== before) {
        const free = document.activeElement === null || document.activeElement === document.body;
        if (free) heading.focus({ preventScroll: true });
      } else if (now < until) this.focusHeading(before, until);
    });
  }
}

export const router = new Router();
