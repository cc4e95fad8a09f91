// SPDX-License-Identifier: Apache-2.0
// Where a packet goes, and which rules decide about it.
import { report } from "./api.js";
import { shareBar } from "./bars.js";
import { element } from "./dom.js";
import { Route, serviceHash } from "./route.js";
import { count, place, plural } from "./text.js";

/** More flows than this are listed on request. */
const openFlows = 3;

/** The states that a packet can be traced in. */
const packetStates = ["new", "established", "related", "invalid"];

/** A form for a packet, and what becomes of it. */
export class TraceView {
  title = "Trace";

  #from = field("from", "From", "192.168.50.20", "an address, or ADDRESS:PORT");
  #to = field("to", "To", "10.96.0.10:80/tcp", "ADDRESS:PORT/PROTOCOL");
  #interface = field("interface", "In by (optional)", "eth0", "the interface that the packet comes in by");
  #state = element("select", { id: "state" }, packetStates.map((name) => element("option", { value: name }, name)));
  #live = element("input", { type: "checkbox", id: "live" });
  #result = element("div", { class: "trace", "aria-live": "polite" });
  #abort;

  constructor(route) {
    const form = element(
      "form", { class: "tools form" }, this.#from, this.#to, this.#interface,
      element("label", {}, "State", this.#state),
      element("label", { class: "check" }, this.#live, "Rules that the kernel holds now"),
      element("button", { type: "submit", class: "main" }, "Trace"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.element = element(
      "section", { "aria-labelledby": "title" }, element("h1", { id: "title", tabindex: "-1" }, this.title), form,
      this.#result);
    this.accept(route);
  }

  accept({ parameters }) {
    const { from = "", to = "", state = "new", live = "" } = parameters;
    input(this.#from).value = from;
    input(this.#to).value = to;
    input(this.#interface).value = parameters.interface ?? "";
    this.#state.value = packetStates.includes(state) ? state : "new";
    this.#live.checked = live === "true";
    if (from !== "" && to !== "") this.#trace(parameters);
    return true;
  }

  stop() {
    this.#abort?.abort();
  }

  search() {
    input(this.#from).focus();
  }

  #submit() {
    const route = new Route("trace", [], {
      from: input(this.#from).value.trim(), to: input(this.#to).value.trim(),
      interface: input(this.#interface).value.trim(), state: this.#state.value === "new" ? "" : this.#state.value,
      live: this.#live.checked ? "true" : "",
    });
    if (location.hash === route.hash) this.#trace(route.parameters);
    else location.hash = route.hash;
  }

  async #trace({ from, to, interface: name, state, live }) {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#result.replaceChildren(element("p", { class: "empty" }, "tracing …"));
    try {
      const found = await report("trace", { from, to, interface: name, state, live }, abort.signal);
      if (!abort.signal.aborted) this.#result.replaceChildren(...traced(found));
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#result.replaceChildren(element("p", { class: "notice" }, error.message));
    }
  }
}

function field(id, title, example, help) {
  return element(
    "label", {}, title,
    element("input", { id, placeholder: example, title: help, autocomplete: "off", spellcheck: "false" }));
}

function input(label) {
  return label.querySelector("input");
}

function traced(trace) {
  const { packet } = trace;
  const origin = packet.isFromNode
    ? "from this node"
    : packet.interface === undefined ? "in by an unknown interface" : `in by ${packet.interface}`;
  const source = packet.sourcePort === undefined ? packet.source : place(packet.source, packet.sourcePort);
  const title = `${packet.protocol} ${source} to ${place(packet.destination, packet.destinationPort)}`;
  return [
    element("h2", {}, title), element("p", { class: "facts" }, `${packet.state}, ${origin}; ${trace.rules} rules`),
    element("ol", { class: "outcomes", "aria-label": "Outcomes" }, trace.outcomes.map(outcome)),
    flowList(trace.flows),
    element("h3", {}, trace.outcomes.length > 1 ? "Rules on every way" : "Rules on the way"), hopTree(trace.hops),
    ...trace.notes.map((note) => element("p", { class: "facts" }, `note: ${note}`)),
  ].filter((child) => child !== undefined);
}

/** The flows that are tracked already: whatever the rules are, their packets go on as they do. */
function flowList(flows) {
  if (flows.length === 0) return undefined;
  const title = `${plural(flows.length, "flow")} of this client tracked already, which the rules no longer decide about`;
  return element(
    "details", { open: flows.length <= openFlows }, element("summary", {}, title),
    element("ul", {}, flows.map((flow) => element("li", {}, flowText(flow)))));
}

function flowText({ source, endpoint, newSource }) {
  return `${source} goes to ${endpoint}${newSource === undefined ? "" : `, masqueraded to ${newSource}`}`;
}

function outcome(found) {
  const isPassed = !["rejected", "dropped", "unroutable"].includes(found.verdict);
  const where = [
    found.endpoint && element("code", {}, found.endpoint), found.pod && ` pod ${found.pod}`,
    found.node && ` on ${found.node}`,
  ];
  return element(
    "li", {},
    element(
      "div", { class: "outcome" }, shareBar(found.share),
      found.fraction === undefined ? undefined : element("span", { class: "fraction" }, found.fraction),
      element("span", { class: `mark ${isPassed ? "good" : "bad"}` }, verdictText(found)), element("span", {}, where),
      serviceLink(found.service)),
    element("ul", { class: "details" }, outcomeDetails(found).map((text) => element("li", {}, text))),
    found.hops.length === 0
      ? undefined
      : element("details", {}, element("summary", {}, "rules of this way"), hopTree(found.hops)));
}

function verdictText({ verdict, detail }) {
  switch (verdict) {
    case "delivered": return "to a process on this node";
    case "sent": return detail === undefined ? "sent on" : `out by ${detail}`;
    case "rejected": return `rejected with ${detail ?? "an error"}`;
    case "dropped": return "dropped";
    case "unroutable": return `dropped by the kernel: ${detail ?? "no route"}`;
    case "handed-over": return `handed over to ${detail ?? "another part of the kernel"}`;
    default: return `not followed: target ${detail ?? ""} is not understood`;
  }
}

function outcomeDetails({ conditions, isMasqueraded, newSource, affinity, endpoint }) {
  const details = [...conditions];
  if (isMasqueraded) details.push(`masqueraded to ${newSource ?? "an address of this node"}`);
  else if (newSource !== undefined) details.push(`its source becomes ${newSource}`);
  if (affinity?.isPinned) {
    const left = affinity.secondsLeft === undefined ? "" : `, ${count(affinity.secondsLeft)} s left`;
    details.push(`this client is pinned to ${endpoint ?? "an endpoint"}${left}`);
  } else if (affinity) {
    details.push(`remembers this client${affinity.seconds === undefined ? "" : ` for ${count(affinity.seconds)} s`}`);
  }
  return details;
}

/** The rules that match, those behind a jump below it; without those that lead nowhere, foreign ones aside. */
function hopTree(hops) {
  const shown = hops.filter((hop) => !hop.isFruitless || hop.isForeign);
  let place = "";
  const items = shown.flatMap((hop) => {
    const title = `${hop.hook} ${hop.table}`;
    const heading = title === place ? [] : [element("li", { class: "hook" }, title)];
    place = title;
    return [...heading, hopItem(hop)];
  });
  return element("ol", { class: "hops" }, items);
}

function hopItem(hop) {
  const item = element(
    "li", {}, element("code", {}, `${hop.chain}#${hop.position}`), " ",
    element("code", { class: "rule" }, hop.rule.replace(`-A ${hop.chain} `, "")), " ",
    hop.isForeign ? element("span", { class: "mark warning" }, "foreign") : serviceLink(hop.service));
  item.style.setProperty("--depth", hop.depth + 1);
  return item;
}

/** A link to the Service of a service port, as NAMESPACE/NAME:PORT. */
function serviceLink(servicePort) {
  const [namespace, rest] = (servicePort ?? "").split("/");
  if (!rest) return undefined;
  return element("a", { href: serviceHash(namespace, rest.split(":")[0]) }, servicePort);
}
