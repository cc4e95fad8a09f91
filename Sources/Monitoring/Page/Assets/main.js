// SPDX-License-Identifier: Apache-2.0
// The frame of the page: which view is shown, the state of the node above it, keys.
import { report, versionChange } from "./api.js";
import { setText } from "./dom.js";
import { NodeView } from "./node.js";
import { Refresher } from "./refresh.js";
import { Route } from "./route.js";
import { ServicesView } from "./services.js";
import { ServiceView } from "./service.js";
import { printable } from "./text.js";
import { TraceView } from "./trace.js";

const views = { services: ServicesView, service: ServiceView, trace: TraceView, node: NodeView };
const part = (id) => document.getElementById(id);

let view;
let viewName;
let refresher;

function navigate() {
  const route = Route.current;
  if (view && viewName === route.view && view.accept(route)) return;
  const isFirst = view === undefined;
  refresher?.stop();
  view?.stop?.();
  viewName = Object.hasOwn(views, route.view) ? route.view : "services";
  view = new views[viewName](route);
  document.title = printable(`${view.title} - kubetables`);
  showNotice("");
  part("main").replaceChildren(view.element);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === viewName) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // A reader of the screen reads on from the title of the new view.
  if (!isFirst) view.element.querySelector("#title").focus({ preventScroll: true });
  if (!isFirst) scrollTo(0, 0);
  refresher = view.load && new Refresher((signal) => view.load(signal), shown, (error) => showNotice(error.message));
  refresher?.start();
  if (!refresher) setText(part("updated"), "");
}

function shown(loaded) {
  view.show(loaded);
  showNotice("");
  setText(part("updated"), `Updated ${new Date().toISOString().slice(11, 19)} UTC.`);
}

function showNotice(text) {
  setText(part("notice"), text);
  part("notice").hidden = text === "";
}

function showStatus(status) {
  setText(part("node"), status.node);
  const isInSync = status.families.every((family) => family.isInSync);
  const words = status.families.map((family) => `${family.ipFamily} ${family.isInSync ? "in sync" : "out of sync"}`);
  setText(part("sync"), words.join(", "));
  part("sync").className = `sync mark ${isInSync ? "good" : "bad"}`;
}

function showNoStatus() {
  setText(part("sync"), "no answer");
  part("sync").className = "sync mark bad";
}

// MARK: Keys

let isAfterG = false;

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  const action = (isAfterG ? placesAfterG[event.key] : undefined) ?? actions[event.key];
  isAfterG = event.key === "g";
  if (!action) return;
  action();
  event.preventDefault();
}

const goTo = (hash) => () => {
  location.hash = hash;
};
const placesAfterG = { s: goTo("#/services"), t: goTo("#/trace"), n: goTo("#/node") };
const actions = { "/": () => view.search?.(), n: () => view.turn?.(1), p: () => view.turn?.(-1) };

function isTyping(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

// MARK: Start

function start() {
  versionChange.handler = (version) => {
    setText(part("node"), `now version ${version}: load this page again`);
  };
  part("skip").addEventListener("click", (event) => {
    event.preventDefault();
    part("main").focus();
  });
  part("theme").value = kubetablesTheme.chosen;
  part("theme").addEventListener("change", () => kubetablesTheme.choose(part("theme").value));
  addEventListener("hashchange", navigate);
  addEventListener("keydown", pressed);
  navigate();
  new Refresher((signal) => report("status", {}, signal), showStatus, showNoStatus).start();
}

start();
