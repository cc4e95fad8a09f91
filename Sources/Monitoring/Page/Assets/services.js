// SPDX-License-Identifier: Apache-2.0
// The list of Services: search, filter by state, sort.
import { report } from "./api.js";
import { element, setChildren, setText } from "./dom.js";
import { Pager } from "./pager.js";
import { serviceHash } from "./route.js";
import { rank, stateMark, states } from "./states.js";
import { count, place, rate } from "./text.js";

/** The columns; those with a value can be sorted by it. The list comes in the order of names. */
const columns = [
  { name: "namespace", title: "Namespace", text: (item) => item.namespace },
  { name: "name", title: "Name:Port", value: (item) => item.index },
  { name: "type", title: "Type", text: (item) => item.type },
  { name: "cluster-ip", title: "Cluster IP", text: (item) => item.clusterIP },
  { name: "node-port", title: "Node port", isNumber: true, text: (item) => item.nodePort },
  { name: "external", title: "External", text: (item) => external(item).join(", ") || undefined },
  {
    name: "endpoints", title: "Endpoints", isNumber: true, value: (item) => item.endpoints?.used ?? -1,
    text: (item) => item.endpoints && `${count(item.endpoints.used)}/${count(item.endpoints.known)}`,
  },
  { name: "policy", title: "Policy", text: policy },
  {
    name: "connections", title: "Conn/s", isNumber: true, value: (item) => item.traffic?.connectionsPerSecond ?? -1,
    text: (item) => rate(item.traffic?.connectionsPerSecond),
  },
  {
    name: "refused", title: "Refused/s", isNumber: true, value: (item) => item.traffic?.refusedPerSecond ?? -1,
    text: (item) => rate(item.traffic?.refusedPerSecond),
  },
  { name: "state", title: "State", value: (item) => -rank(item.state) },
];

/** Which Services there are, and how they do on this node. */
export class ServicesView {
  title = "Services";

  #route;
  #items = [];
  #found = [];
  #isLoaded = false;
  #rows = new Map();
  #pager = new Pager("service ports", () => this.#turn());
  #search = element("input", {
    type: "search", id: "search", "aria-label": "Search Services", autocomplete: "off", spellcheck: "false",
    placeholder: "Search: name, namespace, address, port, type",
  });
  #filters = element("div", { class: "filters", role: "group", "aria-label": "Filter by state" });
  #body = element("tbody");
  #headings = columns.map((column) => heading(column, () => this.#sortBy(column)));
  #empty = element("p", { class: "empty" }, "loading …");

  constructor(route) {
    this.#search.addEventListener("input", () => this.#change({ search: this.#search.value, page: undefined }));
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#search.value = "";
      this.#change({ search: undefined, page: undefined });
    });
    this.element = element(
      "section", { "aria-labelledby": "title" }, element("h1", { id: "title", tabindex: "-1" }, this.title),
      element("div", { class: "tools" }, this.#search, this.#filters),
      element(
        "div", { class: "wide" },
        element(
          "table", { class: "services" }, element("thead", {}, element("tr", {}, this.#headings)), this.#body)),
      this.#empty, this.#pager.element);
    this.accept(route);
  }

  /** Shows another search, filter or order of the same list. */
  accept(route) {
    this.#route = route;
    const { search = "", page = "1" } = route.parameters;
    if (this.#search.value !== search) this.#search.value = search;
    this.#pager.page = Math.max(0, (Number.parseInt(page, 10) || 1) - 1);
    this.#show();
    return true;
  }

  load(signal) {
    return report("services", {}, signal);
  }

  show(list) {
    this.#isLoaded = true;
    this.#items = list.items;
    this.#items.forEach((item, index) => {
      item.index = index;
    });
    this.#show();
  }

  search() {
    this.#search.focus();
    this.#search.select();
  }

  turn(step) {
    this.#pager.turn(step);
  }

  #change(parameters) {
    this.#route.parameters = { ...this.#route.parameters, ...parameters };
    this.#route.replace();
    this.#pager.page = (this.#route.parameters.page ?? 1) - 1;
    this.#show();
  }

  #turn() {
    this.#change({ page: this.#pager.page === 0 ? undefined : String(this.#pager.page + 1) });
    this.element.scrollIntoView({ block: "start" });
  }

  #sortBy(column) {
    const isFirst = column.isNumber || column.name === "state";
    const orders = isFirst ? [`-${column.name}`, column.name] : [column.name, `-${column.name}`];
    this.#change({ sort: this.#route.parameters.sort === orders[0] ? orders[1] : orders[0], page: undefined });
  }

  #show() {
    const { search = "", state = "", sort = "name" } = this.#route.parameters;
    const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const matching = words.length === 0
      ? this.#items
      : this.#items.filter((item) => words.every((word) => searchText(item).includes(word)));
    this.#showFilters(matching, state);
    this.#found = state === "" ? matching : matching.filter((item) => item.states.includes(state));
    this.#showRows(this.#pager.items(sorted(this.#found, sort)));
    columns.forEach((column, index) => showOrder(this.#headings[index], column, sort));
    setText(this.#empty, this.#isLoaded ? "No Service matches." : "loading …");
    this.#empty.hidden = this.#found.length > 0;
  }

  #showFilters(items, chosen) {
    const counts = new Map();
    for (const item of items) {
      for (const name of item.states) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const shown = states.filter(({ name }) => counts.has(name) || name === chosen);
    const buttons = [this.#filter("", "all", items.length, chosen)].concat(
      shown.map(({ name }) => this.#filter(name, name, counts.get(name) ?? 0, chosen)));
    setChildren(this.#filters, buttons);
  }

  #buttons = new Map();

  #filter(state, title, number, chosen) {
    let button = this.#buttons.get(state);
    if (!button) {
      button = element("button", { type: "button" });
      button.addEventListener("click", () => this.#change({ state, page: undefined }));
      this.#buttons.set(state, button);
    }
    button.setAttribute("aria-pressed", String(state === chosen));
    setText(button, `${title} ${count(number)}`);
    return button;
  }

  /** Rows stay those of their service port, so that the focus stays on it when the order changes. */
  #showRows(items) {
    const rows = new Map();
    for (const item of items) {
      const key = [item.namespace, item.name, item.portName, item.port, item.protocol, item.ipFamily].join("/");
      const row = this.#rows.get(key) ?? new ServiceRow(item);
      row.show(item);
      rows.set(key, row);
    }
    this.#rows = rows;
    setChildren(this.#body, [...rows.values()].map((row) => row.element));
  }
}

class ServiceRow {
  #cells = new Map();

  constructor(item) {
    const cells = columns.map((column) => {
      const isHeading = column.name === "name";
      const cell = element(
        isHeading ? "th" : "td", { scope: isHeading && "row", class: column.isNumber ? "number" : column.name });
      this.#cells.set(column.name, cell);
      return cell;
    });
    const port = item.portName ?? item.port;
    const title = port === undefined ? item.name : `${item.name}:${port}`;
    this.#cells.get("name").append(element("a", { href: serviceHash(item.namespace, item.name) }, title));
    const kind = [item.protocol === "TCP" ? undefined : item.protocol, item.ipFamily === "IPv6" ? "IPv6" : undefined];
    for (const text of kind.filter((text) => text !== undefined)) {
      this.#cells.get("name").append(" ", element("span", { class: "kind" }, text));
    }
    this.element = element("tr", {}, cells);
  }

  show(item) {
    for (const column of columns) {
      if (column.text) setText(this.#cells.get(column.name), column.text(item) ?? "-");
    }
    this.#cells.get("state").replaceChildren(stateMark(item.state, item.messages.join("\n")));
  }
}

function heading(column, onClick) {
  if (!column.value) return element("th", { scope: "col", class: column.isNumber && "number" }, column.title);
  const button = element("button", { type: "button", class: "sort" }, column.title);
  button.addEventListener("click", onClick);
  return element("th", { scope: "col", class: column.isNumber && "number" }, button);
}

function showOrder(cell, column, sort) {
  if (!column.value) return;
  const order = { [column.name]: "ascending", [`-${column.name}`]: "descending" }[sort] ?? "none";
  cell.setAttribute("aria-sort", order);
}

/** Sorting is stable: items of the same value stay in the order of names. */
function sorted(items, sort) {
  const isDescending = sort.startsWith("-");
  const value = columns.find((column) => column.name === sort.replace("-", ""))?.value;
  if (!value || sort === "name") return items;
  const sign = isDescending ? -1 : 1;
  return [...items].sort((left, right) => sign * (value(left) - value(right)));
}

function external(item) {
  return [...item.loadBalancerIPs, ...item.externalIPs];
}

function policy(item) {
  const policies = [...new Set([item.internalTrafficPolicy, item.externalTrafficPolicy])];
  return policies.filter((name) => name !== undefined).join("/") || undefined;
}

/** All texts that an item can be found by, in lower case; kept with the item. */
function searchText(item) {
  item.searchText ??= [
    `${item.namespace}/${item.name}:${item.portName ?? ""}`, item.clusterIP && item.port && place(item.clusterIP, item.port),
    item.port, item.nodePort, item.type, item.protocol, item.ipFamily, ...external(item),
  ].filter((text) => text !== undefined).join(" ").toLowerCase();
  return item.searchText;
}
