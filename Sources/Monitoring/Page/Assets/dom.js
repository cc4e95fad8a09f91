// SPDX-License-Identifier: Apache-2.0
// Elements of the page. Text is put in as text only, so that no name can become markup.
import { printable } from "./text.js";

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 *
 * @param attributes by name; true for one without a value, false and undefined for none.
 * @param children elements and texts; undefined and null are left out.
 */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Makes an element of a drawing. */
export function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== undefined && value !== false) made.setAttribute(name, lines(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null).map(node));
  return made;
}

/** The value of an attribute, in which lines may end. */
function lines(value) {
  return String(value).split("\n").map(printable).join("\n");
}

function node(child) {
  return child instanceof Node ? child : document.createTextNode(printable(child));
}

/** Changes the text of an element, if it is another one: what a reader has selected stays so. */
export function setText(element, text) {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Puts children into an element in place of what it has; the focus stays in those that are there before and after. */
export function setChildren(parent, children) {
  const isSame = parent.childNodes.length === children.length
    && children.every((child, index) => parent.childNodes[index] === child);
  if (isSame) return;
  const focused = document.activeElement;
  parent.replaceChildren(...children);
  if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

/**
 * Makes an element show new children, by changes of those that it has: focus, selection, scrolling and opened details stay.
 *
 * Children with an attribute data-key are compared with the one of the same key, others with the one at the same place.
 */
export function update(parent, ...children) {
  const made = children.flat(Infinity).filter((child) => child !== undefined && child !== null).map(node);
  const keyed = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const olds = [...parent.childNodes];
  setChildren(parent, made.map((child, index) => {
    const key = child.dataset?.key;
    const old = key === undefined ? olds[index] : keyed.get(key);
    return old?.nodeName === child.nodeName && old.dataset?.key === key ? adopted(old, child) : child;
  }));
}

/** An element that is there, with the attributes and children of a new one. */
function adopted(old, made) {
  if (old instanceof Text) {
    if (old.data !== made.data) old.data = made.data;
    return old;
  }
  for (const { name } of [...old.attributes]) {
    // What a reader has opened.
    if (!made.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of made.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  update(old, [...made.childNodes]);
  return old;
}

/** A table with these column headings; right-aligned ones have a mark ">" before the name. */
export function table(caption, headings, rows) {
  const cells = headings.map((heading) =>
    heading.startsWith(">")
      ? element("th", { scope: "col", class: "number" }, heading.slice(1))
      : element("th", { scope: "col" }, heading));
  return element(
    "div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table", {}, element("caption", { class: "hidden" }, caption), element("thead", {}, element("tr", {}, cells)),
      element("tbody", {}, rows)));
}

/** A row of cells: texts and elements; numbers are right-aligned. */
export function row(...cells) {
  return keyedRow(undefined, ...cells);
}

/** A row that is about the same thing as another one of the same key. */
export function keyedRow(key, ...cells) {
  return element(
    "tr", { "data-key": key },
    cells.map((cell) => {
      if (cell instanceof HTMLTableCellElement) return cell;
      if (typeof cell === "number") return element("td", { class: "number" }, cell);
      return element("td", {}, cell ?? "-");
    }));
}

/** A list of sentences that need attention; nothing without any. */
export function findings(sentences) {
  if (sentences.length === 0) return undefined;
  return element("ul", { class: "findings" }, sentences.map((sentence) => element("li", {}, sentence)));
}
