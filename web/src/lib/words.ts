/** Words for the short ids that the back end uses. An id that is not known is shown as it is. */

import { t } from "./i18n.svelte";

type Words = Record<string, () => string>;

function say(words: Words, id: string): string {
  return words[id]?.() ?? id.replaceAll("_", " ");
}

const STATES: Words = {
  new: () => t("New"),
  validated: () => t("Validated"),
  contained: () => t("Contained"),
  closed: () => t("Closed"),
  proposed: () => t("Proposed"),
  approved: () => t("Approved"),
  refused: () => t("Refused"),
  done: () => t("Done"),
  expired: () => t("Expired"),
  running: () => t("Running"),
  passed: () => t("Passed"),
  failed: () => t("Failed"),
};

const ROLES: Words = {
  guard: () => t("Guard"),
  operator: () => t("Security desk"),
  analyst: () => t("Security analyst"),
  ciso: () => t("Head of information security"),
  crisis: () => t("Crisis cell"),
  liaison: () => t("Liaison"),
  admin: () => t("Administrator"),
  auditor: () => t("Auditor"),
  it: () => t("IT team"),
  pharmacist: () => t("Pharmacist"),
  pharmacy: () => t("Pharmacy"),
  technical: () => t("Technical services"),
  security: () => t("Security"),
  clinical: () => t("Care"),
};

const VERDICTS: Words = {
  true: () => t("Real"),
  benign: () => t("Harmless"),
  false: () => t("False alarm"),
};

const OUTCOMES: Words = {
  sent: () => t("sent"),
  delivered: () => t("delivered"),
  read: () => t("read"),
  acknowledged: () => t("acknowledged"),
  on_my_way: () => t("on the way"),
  on_site: () => t("on site"),
  clear: () => t("clear"),
  help: () => t("needs help"),
  failed: () => t("failed"),
  nobody: () => t("reaches nobody"),
  unanswered: () => t("no answer"),
  waiting: () => t("waiting"),
};

const WAYS: Words = {
  passkey: () => t("passkey"),
  totp: () => t("authenticator app"),
  backup: () => t("backup codes"),
};

const CHANNELS: Words = {
  page: () => t("phone page"),
  webpush: () => t("push message"),
  ntfy: () => t("push message (on site)"),
  voice: () => t("phone call"),
  sms: () => t("SMS"),
  mail: () => t("mail"),
  chat: () => t("chat room"),
};

const KINDS: Words = {
  door: () => t("Door"),
  camera: () => t("Camera"),
  fire: () => t("Fire detector"),
  intrusion: () => t("Intruder alarm"),
  it: () => t("Computer"),
  network: () => t("Network"),
  medical: () => t("Medical device"),
  pharmacy: () => t("Pharmacy"),
  cold_chain: () => t("Cold chain"),
  utility: () => t("Utility"),
  other: () => t("Other"),
};

const RUNNING: Words = {
  ok: () => t("OK"),
  running: () => t("Running"),
  listening: () => t("Listening"),
  waiting: () => t("Waiting"),
  connecting: () => t("Connecting"),
  silent: () => t("Silent"),
  failed: () => t("Failed"),
  stopped: () => t("Stopped"),
  off: () => t("Off"),
};

export const stateName = (id: string): string => say(STATES, id);
export const roleName = (id: string): string => say(ROLES, id);
export const verdictName = (id: string): string => say(VERDICTS, id);
export const outcomeName = (id: string): string => say(OUTCOMES, id);
export const channelName = (id: string): string => say(CHANNELS, id);
export const wayName = (id: string): string => say(WAYS, id);
export const groupName = (id: string): string => say(KINDS, id);
export const sourceState = (id: string): string => say(RUNNING, id);

/** Return "1 alert" or "7 alerts". */
export const alertCount = (n: number): string => (n === 1 ? t("1 alert") : t("{n} alerts", { n }));

/** Return "cyber", "physical" or both as one word. */
export function domainName(domain: string): string {
  return domain === "cyber" ? t("Cyber") : domain === "physical" ? t("Physical") : domain;
}
