/** The pages of the console and who may open them: as in the server's table of rights (console/rights.py), so that nobody is
 *  sent to a page that would be refused. Pure. */

export interface PageLink {
  path: string;
  /** English sentence; translated where it is shown. */
  name: string;
  /** Pages of every day stand in the bar; the others in the menu. */
  daily: boolean;
}

const GUARD = "guard";
const LIAISON = "liaison";
const OVERSIGHT = ["ciso", "admin", "auditor"];
const WATCHING = ["operator", "analyst", ...OVERSIGHT];
/** Those who see the whole picture. */
export const CONTROL = ["crisis", ...WATCHING];
/** Who may act on incidents, and who may suppress alerts. */
export const ACTING = CONTROL.filter((role) => role !== "auditor");
export const TUNING = ["analyst", "ciso", "admin"];
const EVERYONE = [GUARD, LIAISON, ...CONTROL];

/** `t` marks the names for the catalogue; they are looked up when shown. */
const t = (sentence: string): string => sentence;

const PAGES: (PageLink & { roles: string[] })[] = [
  { path: "/", name: t("Situation"), daily: true, roles: [...CONTROL, LIAISON] },
  { path: "/availability", name: t("Care available"), daily: true, roles: [...CONTROL, LIAISON] },
  { path: "/alerts", name: t("Alerts"), daily: true, roles: CONTROL },
  { path: "/crisis", name: t("Crisis log"), daily: true, roles: CONTROL },
  { path: "/risk", name: t("Risk study"), daily: false, roles: ["analyst", "crisis", ...OVERSIGHT] },
  { path: "/detections", name: t("Detections"), daily: false, roles: CONTROL },
  { path: "/suppressions", name: t("Suppressions"), daily: false, roles: CONTROL },
  { path: "/scenarios", name: t("Exercises"), daily: false, roles: CONTROL },
  { path: "/health", name: t("System health"), daily: true, roles: WATCHING },
  { path: "/inventory", name: t("Network inventory"), daily: false, roles: WATCHING },
  { path: "/rejects", name: t("Rejects"), daily: false, roles: WATCHING },
  { path: "/audit", name: t("Audit log"), daily: false, roles: OVERSIGHT },
  { path: "/admin", name: t("Administration"), daily: false, roles: OVERSIGHT },
  { path: "/drawing", name: t("Draw plans"), daily: false, roles: OVERSIGHT },
  { path: "/cameras", name: t("Camera zones"), daily: false, roles: OVERSIGHT },
  { path: "/guard", name: t("My notices"), daily: true, roles: EVERYONE },
  { path: "/account", name: t("My phone and sign-in"), daily: false, roles: EVERYONE },
];

/** Return the pages that `role` may open, in their order. */
export function pagesOf(role: string): PageLink[] {
  return PAGES.filter((page) => page.roles.includes(role));
}
