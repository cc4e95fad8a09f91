// SPDX-License-Identifier: Apache-2.0
// How the node does: in sync or not, syncs of the last hour, drift, warnings and events.
import { report } from "./api.js";
import { hourChart, hourCounts } from "./chart.js";
import { element, findings, keyedRow, table, update } from "./dom.js";
import { eventTable } from "./events.js";
import { Route } from "./route.js";
import { rank, stateMark } from "./states.js";
import { count, milliseconds, moment } from "./text.js";

const listedEvents = 200;
const hour = 3_600_000;

/** The state of the node, and what happened in the last hour. */
export class NodeView {
  title = "Node";

  #status = element("div");
  #history = element("section", { "aria-label": "Syncs" });
  #events = element("section", { "aria-label": "Events" });
  #kinds = element("select", { id: "kind", "aria-label": "Kind of events" });
  #lastNumber = 0;
  #startTime;
  #all = [];

  constructor() {
    this.#kinds.append(element("option", { value: "" }, "all kinds"));
    this.#kinds.addEventListener("change", () => this.#showEvents());
    this.element = element(
      "section", { "aria-labelledby": "title" }, element("h1", { id: "title", tabindex: "-1" }, this.title),
      this.#status, this.#history, element("h2", {}, "Events of the last hour ", this.#kinds), this.#events);
  }

  accept() {
    return true;
  }

  async load(signal) {
    const since = new Date(Date.now() - hour).toISOString();
    const [status, syncs, events] = await Promise.all([
      report("status", {}, signal), report("syncs", {}, signal),
      report("events", { since, after: this.#lastNumber || undefined }, signal),
    ]);
    return { status, minutes: syncs.items, events: events.items };
  }

  show({ status, minutes, events }) {
    // A program that was started again counts its events from the first one.
    if (status.startTime !== this.#startTime) {
      this.#startTime = status.startTime;
      this.#all = [];
    }
    update(this.#status, statusParts(status));
    this.#showHistory(minutes, status.source);
    if (events.length === 0 && this.#events.children.length > 0) return;
    const start = new Date(Date.now() - hour).toISOString();
    this.#all = [...this.#all, ...events].filter((event) => event.time >= start);
    this.#lastNumber = this.#all.at(-1)?.number ?? 0;
    for (const { kind } of events) {
      if ([...this.#kinds.options].some((option) => option.value === kind)) continue;
      this.#kinds.append(element("option", { value: kind }, kind));
    }
    this.#showEvents();
  }

  #showHistory(minutes, source) {
    const now = Date.now();
    update(
      this.#history, element("h2", {}, "Syncs of the last hour"), element("p", { class: "facts" }, hourCounts(minutes)),
      timeCharts(minutes, source, now), driftTable(minutes));
  }

  #showEvents() {
    const kind = this.#kinds.value;
    const shown = kind === "" ? this.#all : this.#all.filter((event) => event.kind === kind);
    update(this.#events, eventTable(shown, listedEvents, true));
  }
}

function statusParts(status) {
  const facts = [
    `version ${status.version}`, status.source, status.zone && `zone ${status.zone}`,
    status.startTime && `started ${moment(status.startTime)}`,
  ].filter((text) => text !== undefined).join("; ");
  return [
    element("p", { class: "facts" }, `${status.node}: ${facts}`),
    element("div", { class: "cards" }, status.families.map(familyCard)), stateList(status), status.warnings.length > 0 ? element("h2", {}, "Warnings") : undefined, findings(status.warnings),
  ].filter((part) => part !== undefined);
}

function familyCard(family) {
  const mark = family.isInSync
    ? element("span", { class: "mark good" }, "in sync") : element("span", { class: "mark bad" }, "out of sync");
  const sync = family.lastSync;
  return element(
    "section", { class: "card", "aria-label": family.ipFamily }, element("h2", {}, family.ipFamily, " ", mark),
    element("p", {}, family.since && `since ${moment(family.since)}`, family.reason && `: ${family.reason}`),
    element("p", {}, `${count(family.servicePorts)} service ports, ${count(family.endpoints)} endpoints`),
    sync && element("p", {}, sync.tables.map((table) => `${table.name} ${count(table.entries)} entries`).join(", ")),
    sync && element(
      "p", {}, `last sync ${moment(sync.time)} (${sync.trigger}): `,
      sync.phases.filter((phase) => phase.milliseconds > 0)
        .map((phase) => `${phase.name} ${milliseconds(phase.milliseconds)}`).join(", ")));
}

function stateList(status) {
  const sorted = [...status.states].sort((left, right) => rank(left.state) - rank(right.state));
  return element(
    "p", { class: "states" }, `${count(status.services)} Services; service ports: `,
    sorted.map(({ state, servicePorts }) => [
      element("a", { href: new Route("services", [], { state }).hash }, stateMark(state), ` ${count(servicePorts)}`), " ",
    ]));
}

/** Without the times of changes, which only the objects of a cluster have, there is only what a sync takes. */
function timeCharts(minutes, source, now) {
  const durations = (title) => hourChart(title, minutes, (minute) => minute.duration, now);
  if (source.startsWith("manifests=") && !minutes.some((minute) => minute.latency !== undefined)) {
    return [durations("Duration of syncs that changed the kernel (manifests do not have the times of changes)")];
  }
  return [
    hourChart("From a change in the cluster to rules in force", minutes, (minute) => minute.latency, now),
    durations("Syncs that changed the kernel"),
  ];
}

function driftTable(minutes) {
  const drifted = minutes.filter((minute) => minute.driftedRules > 0).reverse();
  if (drifted.length === 0) return element("p", { class: "empty" }, "No drift in the last hour.");
  return element(
    "div", {}, element("h3", {}, "Drift"),
    table(
      "Drift", ["Time (UTC)", "Family", ">Rules repaired"],
      drifted.map(({ time, ipFamily, driftedRules }) =>
        keyedRow(time + ipFamily, moment(time), ipFamily, driftedRules))));
}
