// SPDX-License-Identifier: Apache-2.0
// How texts and numbers are shown.

/**
 * A text as it may be shown: what has no shape of its own, or would change the direction of writing, is written as \u{…},
 * as in the program's messages. Names are the work of people who may not be trusted (CVE-2021-42574).
 */
export function printable(text) {
  return String(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]/gu,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

const whole = new Intl.NumberFormat("en");
const precise = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A count, as 12,345. */
export function count(number) {
  return whole.format(number);
}

/** A number per second; a dash if it is not known. */
export function rate(number) {
  return number === undefined ? "-" : precise.format(number);
}

/** A share of 1, as 33.3%. */
export function percentage(share) {
  return `${precise.format(share * 100)}%`;
}

/** A time in milliseconds, as 850 ms or 1.2 s. */
export function milliseconds(time) {
  return time < 1000 ? `${precise.format(time)} ms` : `${precise.format(time / 1000)} s`;
}

/** One thing or several: "1 rule", "2 rules". */
export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** An address and a port, as ADDRESS:PORT; an IPv6 address in brackets. */
export function place(address, port) {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A moment of RFC 3339 as date and time of day, in UTC as in the log. */
export function moment(time) {
  return time.replace("T", " ").replace(/\.\d+/, "");
}
