// SPDX-License-Identifier: Apache-2.0
// Shares as bars.
import { element, shape } from "./dom.js";
import { percentage } from "./text.js";

/**
 * A share with a bar as long as it is.
 *
 * @param expected the share that the rules give, 0-1.
 * @param counted the share of what was counted, as a line across the bar; undefined if nothing was counted.
 */
export function shareBar(expected, counted = undefined) {
  const title = counted === undefined ? percentage(expected) : `${percentage(expected)}, counted ${percentage(counted)}`;
  const bar = shape(
    "svg", { class: "bar", "aria-hidden": "true", focusable: "false" },
    shape("title", {}, title), shape("rect", { class: "track", width: "100%", height: "100%", rx: "2" }),
    shape("rect", { class: "share", width: percentage(expected), height: "100%", rx: "2" }),
    counted === undefined
      ? undefined
      : shape("rect", {
        class: "counted", x: percentage(Math.min(counted, 0.995)), y: "-2", width: "2", height: "18",
      }));
  return element("span", { class: "shared" }, bar, element("span", { class: "amount" }, percentage(expected)));
}
