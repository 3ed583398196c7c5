/** Numbers, times and durations in the reader's language. Pure: language and now are given. */

import type { Language } from "./types";

const LOCALE: Record<Language, string> = { en: "en-GB", fr: "fr-FR" };
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function keep<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
  const found = made.get(key) ?? make();
  made.set(key, found);
  return found as T;
}

/** Return `value` with the reader's decimal sign, at most `digits` decimals. */
export function number(value: number, language: Language, digits = 0): string {
  return keep(`n${language}${digits}`, () => new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits })).format(value);
}

/** Return a share 0-1 as percent; never 0 % or 100 % for what is neither impossible nor certain. */
export function percent(share: number, language: Language): string {
  const format = keep(`p${language}`, () => new Intl.NumberFormat(LOCALE[language], { style: "percent", maximumFractionDigits: 0 }));
  if (share > 0 && share < 0.01) return `< ${format.format(0.01)}`;
  if (share < 1 && share > 0.99) return `> ${format.format(0.99)}`;
  return format.format(share);
}

function unit(value: number, name: "second" | "minute" | "hour" | "day", language: Language): string {
  const make = () => new Intl.NumberFormat(LOCALE[language], { style: "unit", unit: name, unitDisplay: "short" });
  const text = keep(`u${language}${name}`, make).format(value);
  // A number and its unit stay on one line.
  return text.replace(/\s/g, "\u00a0");
}

/** Return a duration in words, at most two units: "40 sec", "12 min", "3 hrs 20 min", "2 days 4 hrs". */
export function span(seconds: number, language: Language): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return unit(whole, "second", language);
  if (whole < HOUR) return unit(Math.round(whole / MINUTE), "minute", language);
  if (whole < DAY) return two(whole, HOUR, "hour", MINUTE, "minute", language);
  return two(whole, DAY, "day", HOUR, "hour", language);
}

function two(
  seconds: number,
  big: number,
  bigName: "hour" | "day",
  small: number,
  smallName: "minute" | "hour",
  language: Language,
): string {
  const rounded = Math.round(seconds / small) * small;
  const count = Math.floor(rounded / big);
  const rest = Math.round((rounded - count * big) / small);
  const first = unit(count, bigName, language);
  return rest === 0 || count >= 10 ? first : `${first} ${unit(rest, smallName, language)}`;
}

/** Return the seconds since `iso`, never negative. */
export function age(iso: string, now: number): number {
  return Math.max(0, (now - Date.parse(iso)) / 1000);
}

/** Return the time of day in time zone `zone` (IANA name), with seconds if asked; with the date in front when `iso` is not
 *  of the day of `now` there. */
export function clock(iso: string, language: Language, now: number, seconds = false, zone?: string): string {
  const at = new Date(iso);
  const time = keep(
    `t${language}${seconds}${zone}`,
    () =>
      new Intl.DateTimeFormat(LOCALE[language], {
        hour: "2-digit",
        minute: "2-digit",
        ...(seconds ? { second: "2-digit" } : {}),
        timeZone: zone,
      }),
  ).format(at);
  const day = keep(`y${zone}`, () => new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone: zone }));
  if (day.format(at) === day.format(now)) return time;
  const date = keep(`d${language}${zone}`, () => new Intl.DateTimeFormat(LOCALE[language], { day: "numeric", month: "short", timeZone: zone }));
  return `${date.format(at)} ${time}`;
}

/** Return a size in bytes, in a unit that fits. */
export function bytes(size: number, language: Language): string {
  const names = language === "fr" ? ["o", "ko", "Mo", "Go"] : ["B", "kB", "MB", "GB"];
  let value = size;
  let index = 0;
  while (value >= 1000 && index < names.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${number(value, language, value < 10 && index > 0 ? 1 : 0)}\u00a0${names[index]}`;
}
