// SPDX-License-Identifier: Apache-2.0
// The states of service ports.
import { element } from "./dom.js";

/** All states, what needs attention first; as ServiceState of the module Inspection. */
export const states = [
  { name: "invalid", tone: "bad" },
  { name: "unsupported", tone: "bad" },
  { name: "conflict", tone: "bad" },
  { name: "drifted", tone: "warning" },
  { name: "no-endpoints", tone: "bad" },
  { name: "no-local-endpoints", tone: "warning" },
  { name: "failing", tone: "bad" },
  { name: "not-proxied", tone: "quiet" },
  { name: "ok", tone: "good" },
];

/** The place of a state in their order. */
export function rank(name) {
  const found = states.findIndex((state) => state.name === name);
  return found < 0 ? states.length : found;
}

/** The state as a mark with its name. */
export function stateMark(name, details = undefined) {
  const tone = states[rank(name)]?.tone ?? "quiet";
  return element("span", { class: `mark ${tone}`, title: details || undefined }, name);
}
