// SPDX-License-Identifier: Apache-2.0
// One Service: front ends, endpoints with their shares, graph, rules and events.
import { report, reportAddress } from "./api.js";
import { shareBar } from "./bars.js";
import { element, findings, keyedRow, row, setChildren, table, update } from "./dom.js";
import { eventTable, lineBreak } from "./events.js";
import { Pager } from "./pager.js";
import { Route } from "./route.js";
import { stateMark } from "./states.js";
import { count, place, plural, rate } from "./text.js";

/** The graph of a Service with more endpoints than this is drawn on request only. */
const drawnEndpoints = 60;
/** How many rules of a port are listed. */
const listedRules = 400;
const listedEvents = 50;
/** How often the graph is drawn again, in milliseconds. */
const graphPeriod = 10_000;

/** Everything that is known of a Service on this node. */
export class ServiceView {
  #name;
  #head = element("div");
  #ports = element("div");
  #portViews = new Map();
  #graph;
  #events = element("section", { "aria-label": "Events" });

  constructor(route) {
    this.#name = route.subject.slice(0, 2).join("/");
    this.title = this.#name;
    this.#graph = new Graph(this.#name);
    this.element = element(
      "article", { "aria-labelledby": "title" }, element("h1", { id: "title", tabindex: "-1" }, this.#name),
      this.#head, this.#ports, this.#graph.element, this.#events);
  }

  accept() {
    return false;
  }

  async load(signal) {
    const [explanation, events] = await Promise.all([
      report("explain", { subject: this.#name }, signal), report("events", { service: this.#name }, signal),
    ]);
    return { service: explanation.services[0], events: events.items };
  }

  show({ service, events }) {
    const facts = [service.type, service.origin].filter((text) => text !== undefined).join(", ");
    // Only one family, for example: worth to know, and nothing wrong.
    const isInvalid = service.findings.some((sentence) => sentence.includes("invalid"));
    const notes = service.findings.map((sentence) => element("p", { class: "facts" }, sentence));
    update(this.#head, element("p", { class: "facts" }, facts), isInvalid ? findings(service.findings) : notes);
    const ports = service.ports.map((port) => {
      const view = this.#portViews.get(portTitle(port)) ?? new PortView(port);
      this.#portViews.set(portTitle(port), view);
      view.show(port);
      return view.element;
    });
    setChildren(this.#ports, ports);
    this.#graph.show(service);
    update(this.#events, element("h2", {}, "Events"), eventTable(events, listedEvents, false));
  }
}

function portTitle({ service }) {
  const name = service.portName === undefined ? "" : `${service.portName} `;
  return `${name}${service.port}/${service.protocol}, ${service.ipFamily}`;
}

/** A port of the Service in one family. */
class PortView {
  #state = element("span");
  #facts = element("div");
  #pager = new Pager("endpoints", () => this.#showEndpoints());
  #endpoints = element("div");
  #rules = element("details", {}, element("summary", {}, "Rules"));
  #rulesText;
  #port;
  /** What endpoints had counted when the page was opened, to show where connections go now. */
  #firstCounts = new Map();

  constructor(port) {
    const title = portTitle(port);
    this.element = element(
      "section", { class: "port", "aria-label": title }, element("h2", {}, title, " ", this.#state), this.#facts,
      this.#endpoints, this.#pager.element, this.#rules);
  }

  show(port) {
    this.#port = port;
    const { service } = port;
    update(this.#state, stateMark(service.state));
    update(
      this.#facts, findings([...service.messages, ...port.findings]), traffic(service),
      frontEndTable(port, service.protocol), port.hints && element("p", {}, port.hints));
    this.#showEndpoints();
    this.#showRules();
  }

  #showEndpoints() {
    const { endpoints, service } = this.#port;
    const counted = this.#countedShares();
    const rows = this.#pager.items(endpoints).map((endpoint) =>
      endpointRow(endpoint, counted.get(place(endpoint.address, endpoint.port))));
    const headings = [
      "Address", "Pod", "Node", "Zone", "Conditions", "Cluster", "Local", "Share", ">Connections", "Why not used",
    ];
    const title = `Endpoints: ${count(service.endpoints?.used ?? 0)} of ${count(endpoints.length)} used`;
    this.#pager.element.hidden = endpoints.length === 0;
    update(
      this.#endpoints, element("h3", {}, title),
      endpoints.length === 0 ? undefined : table("Endpoints", headings, rows));
  }

  /** The share of each endpoint in the connections since the page was opened; none before the first one. */
  #countedShares() {
    const counts = new Map();
    let total = 0;
    for (const { address, port, connections } of this.#port.endpoints) {
      if (connections === undefined) continue;
      const name = place(address, port);
      if (!this.#firstCounts.has(name)) this.#firstCounts.set(name, connections);
      const number = Math.max(0, connections - this.#firstCounts.get(name));
      counts.set(name, number);
      total += number;
    }
    if (total === 0) return new Map();
    return new Map([...counts].map(([name, number]) => [name, number / total]));
  }

  #showRules() {
    const { rules } = this.#port;
    const text = JSON.stringify(rules);
    if (text === this.#rulesText) return;
    this.#rulesText = text;
    const lines = rules.slice(0, listedRules).map(({ table, rule }) => [`${table}: ${rule}`, lineBreak()]);
    const more = rules.length - listedRules;
    this.#rules.replaceChildren(
      element("summary", {}, plural(rules.length, "rule")),
      element("pre", { tabindex: "0", "aria-label": "Rules" }, lines),
      more > 0 ? element("p", {}, `and ${count(more)} more: 'kubetables explain -o wide' shows all`) : "");
    this.#rules.hidden = rules.length === 0;
  }
}

function traffic(service) {
  const counts = service.traffic;
  if (!counts) return undefined;
  return element(
    "dl", { class: "numbers" },
    number("Connections/s", rate(counts.connectionsPerSecond)), number("Refused/s", rate(counts.refusedPerSecond)),
    number("Connections", count(counts.connections)), number("Refused packets", count(counts.refusedPackets)));
}

function number(title, text) {
  return element("div", {}, element("dt", {}, title), element("dd", {}, text));
}

function frontEndTable({ frontEnds }, protocol) {
  if (frontEnds.length === 0) return undefined;
  return table(
    "Front ends", ["Front end", "Address", "Policy", "What becomes of connections", "Trace"],
    frontEnds.map(({ kind, address, nodeAddress, port, policy, outcome }) => {
      const host = address ?? nodeAddress;
      const target = host && new Route("trace", [], { to: `${place(host, port)}/${protocol.toLowerCase()}` });
      return row(
        kind, element("code", {}, address ? place(address, port) : `port ${port}`), policy, outcome,
        target && element("a", { href: target.hash, "aria-label": `Trace a packet to ${kind}` }, "trace"));
    }));
}

function endpointRow(endpoint, counted) {
  const share = endpoint.clusterShare ?? endpoint.localShare;
  const address = place(endpoint.address, endpoint.port);
  return keyedRow(
    address, element("code", {}, address), endpoint.pod, endpoint.node, endpoint.zone,
    endpoint.conditions.join(", ") || "not ready", use(endpoint.usedByCluster), use(endpoint.usedByLocal),
    share === undefined ? undefined : shareBar(share, counted),
    element("td", { class: "number" }, endpoint.connections === undefined ? "-" : count(endpoint.connections)),
    endpoint.reason);
}

function use(isUsed) {
  if (isUsed === undefined) return undefined;
  return isUsed ? "yes" : element("span", { class: "mark warning" }, "no");
}

/** The chains that packets of the Service pass, as a picture that the program draws. */
class Graph {
  #service;
  #picture = element("div", { class: "picture wide", tabindex: "0", role: "region", "aria-label": "Graph" });
  #button = element("button", { type: "button" }, "Draw the graph");
  #isWanted = false;
  #drawn = -graphPeriod;
  element;

  constructor(service) {
    this.#service = service;
    const alone = element("a", { href: this.#address() }, "open it alone");
    this.element = element(
      "section", { "aria-label": "Graph", hidden: true }, element("h2", {}, "Graph"), this.#button, this.#picture,
      element("p", { class: "facts" }, "With the counters of now; ", alone));
    this.#button.addEventListener("click", () => {
      this.#isWanted = true;
      this.#draw();
    });
  }

  show(service) {
    const endpoints = service.ports.reduce((sum, port) => sum + port.endpoints.length, 0);
    this.element.hidden = service.ports.every((port) => port.rules.length === 0);
    if (this.element.hidden) return;
    if (endpoints <= drawnEndpoints) this.#isWanted = true;
    this.#button.hidden = this.#isWanted;
    if (this.#isWanted && performance.now() - this.#drawn > graphPeriod) this.#draw();
  }

  /** @param drawn makes the address of each drawing another one, so that the browser shows no older one. */
  #address(drawn = undefined) {
    return reportAddress("graph", { subject: this.#service, drawn });
  }

  /** As an image, in which no script can run; the old one stays until the new one is there. */
  async #draw() {
    this.#drawn = performance.now();
    this.#button.hidden = true;
    const alt = `The chains that packets to ${this.#service} pass, down to the endpoints`;
    const image = element("img", { src: this.#address(Math.round(this.#drawn)), alt });
    try {
      await image.decode();
      this.#picture.replaceChildren(image);
    } catch {
      if (this.#picture.children.length === 0) this.#picture.replaceChildren("The graph cannot be drawn now.");
    }
  }
}
