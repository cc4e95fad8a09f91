// SPDX-License-Identifier: Apache-2.0
// Events of the node.
import { element, keyedRow, table } from "./dom.js";
import { serviceHash } from "./route.js";
import { milliseconds, moment } from "./text.js";

const tones = { drift: "warning", warning: "warning", error: "bad", recovery: "good" };

/**
 * A table of events, the newest first.
 *
 * @param limit how many are shown.
 * @param hasService whether each event names its Service.
 */
export function eventTable(events, limit, hasService) {
  if (events.length === 0) return element("p", { class: "empty" }, "None since the program was started.");
  const newest = events.slice(-limit).reverse();
  const headings = ["Time (UTC)", "Kind", "What happened", ">Until in force"];
  return table("Events", headings, newest.map((event) => eventRow(event, hasService)));
}

function eventRow(event, hasService) {
  const text = event.ipFamily && !event.message.startsWith(event.ipFamily) ? `${event.ipFamily} ` : "";
  const details = event.details && element(
    "details", {}, element("summary", {}, "rules"), element("pre", {}, event.details.map((line) => [line, lineBreak()])));
  const latency = event.latencyMilliseconds === undefined ? "-" : milliseconds(event.latencyMilliseconds);
  return keyedRow(
    event.number, element("time", { datetime: event.time }, moment(event.time)),
    element("span", { class: `mark ${tones[event.kind] ?? "quiet"}` }, event.kind),
    element("div", {}, hasService ? serviceLink(event.service) : undefined, text, event.message, details),
    element("td", { class: "number" }, latency));
}

function serviceLink(service) {
  const [namespace, name] = (service ?? "").split("/");
  if (!name) return undefined;
  return [element("a", { href: serviceHash(namespace, name) }, service), " "];
}

/** Each line is a text of its own, in which a line feed would be shown as such. */
export function lineBreak() {
  return element("br");
}
