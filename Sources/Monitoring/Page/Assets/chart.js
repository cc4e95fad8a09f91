// SPDX-License-Identifier: Apache-2.0
// Times of the last hour as bars, one for each minute.
import { element, row, shape, table } from "./dom.js";
import { milliseconds, plural } from "./text.js";

const minutes = 60;
const [width, height, left, bottom, top] = [720, 150, 56, 18, 8];
const step = (width - left) / minutes;
/** Next to each other in each minute. */
const families = ["IPv4", "IPv6"];
const barWidth = step / families.length;

/**
 * A chart of the last hour: the longest time of each minute as a light bar, the median as a dark one.
 *
 * @param items the minutes, each with `time` and what `times` takes from it.
 * @param times the times of a minute, as `median` and `maximum` in milliseconds; undefined if it has none.
 * @param now the time of the right end, in milliseconds since 1970.
 */
export function hourChart(title, items, times, now) {
  const timed = items.filter((item) => times(item) !== undefined);
  if (timed.length === 0) return element("p", { class: "empty" }, `${title}: no time is known of the last hour.`);
  const longest = Math.max(...timed.map((item) => times(item).maximum));
  const end = ceiling(longest);
  const scale = (value) => (height - bottom - top) * Math.min(1, value / end);
  const last = Math.floor(now / 60_000);
  const bars = timed.flatMap((item) => {
    const age = last - Math.floor(Date.parse(item.time) / 60_000);
    if (age < 0 || age >= minutes) return [];
    const { median, maximum } = times(item);
    const x = width - (age + 1) * step + families.indexOf(item.ipFamily) * barWidth;
    const text = `${item.time.slice(11, 16)} ${item.ipFamily}: median ${milliseconds(median)}, longest ${milliseconds(maximum)}`;
    return [shape(
      "g", {}, shape("title", {}, text), bar("longest", x, scale(maximum)), bar("median", x, scale(median)))];
  });
  const label = `${title} in the last hour: the longest is ${milliseconds(longest)}`;
  const drawing = shape(
    "svg", { class: "chart", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}` },
    [0, end / 2, end].map((value) => line(value, scale(value))),
    [60, 45, 30, 15].map((age) => note(width - age * step, height - 4, `-${age} min`, "start")), bars);
  return element(
    "figure", {}, element("figcaption", {}, title), drawing,
    element(
      "details", {}, element("summary", {}, "as a table"),
      table(
        title, ["Time (UTC)", "Family", ">Median", ">Longest"],
        timed.map((item) => row(
          item.time, item.ipFamily, element("td", { class: "number" }, milliseconds(times(item).median)),
          element("td", { class: "number" }, milliseconds(times(item).maximum)))))));
}

/** Counts of the last hour in words. */
export function hourCounts(items) {
  const sum = (name) => items.reduce((total, item) => total + item[name], 0);
  return [
    plural(sum("syncs"), "sync"), plural(sum("changes"), "change"), `${plural(sum("failures"), "failure")}`,
    `${plural(sum("driftedRules"), "rule")} repaired after drift`,
  ].join(", ");
}

function bar(name, x, length) {
  const size = Math.max(length, 1.5);
  return shape("rect", { class: name, x: x + 0.5, y: height - bottom - size, width: barWidth - 1, height: size });
}

function line(value, length) {
  const y = height - bottom - length;
  return [
    shape("line", { x1: left, x2: width, y1: y, y2: y }),
    note(left - 6, y + 4, milliseconds(value), "end"),
  ];
}

function note(x, y, text, anchor) {
  return shape("text", { x, y, "text-anchor": anchor }, text);
}

/** The least of 1, 2 and 5 times a power of ten that is not less. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((end) => end >= value);
}
