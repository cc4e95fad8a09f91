// SPDX-License-Identifier: Apache-2.0
// Long lists, a page at a time: however long a list is, the browser has few rows to lay out.
import { element, setText } from "./dom.js";
import { count } from "./text.js";

/** The number of rows of a page. */
export const pageSize = 50;

/** The buttons for the pages of a list. */
export class Pager {
  #noun;
  #onChange;
  #previous = element("button", { type: "button" }, "Previous");
  #next = element("button", { type: "button" }, "Next");
  #text = element("span", { role: "status" });
  #total = 0;

  /** The page, from 0. */
  page = 0;
  element = element("div", { class: "pager" }, this.#text, this.#previous, this.#next);

  /**
   * @param noun what the list is of, for several.
   * @param onChange called when another page is to be shown.
   */
  constructor(noun, onChange) {
    this.#noun = noun;
    this.#onChange = onChange;
    this.#previous.addEventListener("click", () => this.turn(-1));
    this.#next.addEventListener("click", () => this.turn(1));
  }

  /** Shows another page, if there is one. */
  turn(step) {
    const page = Math.min(Math.max(this.page + step, 0), this.#last);
    if (page === this.page) return;
    this.page = page;
    this.#onChange();
  }

  /** The items of the page, of those of the list. */
  items(all) {
    this.#total = all.length;
    this.page = Math.min(this.page, this.#last);
    const start = this.page * pageSize;
    const shown = all.slice(start, start + pageSize);
    const range = shown.length === 0 ? "0" : `${count(start + 1)}-${count(start + shown.length)}`;
    setText(this.#text, `${range} of ${count(all.length)} ${this.#noun}`);
    this.#setEnabled(this.#previous, this.page > 0);
    this.#setEnabled(this.#next, this.page < this.#last);
    const isNeeded = this.#last > 0;
    this.#previous.hidden = !isNeeded;
    this.#next.hidden = !isNeeded;
    return shown;
  }

  /** Not the attribute disabled: a button that gets it loses the focus. */
  #setEnabled(button, isEnabled) {
    button.setAttribute("aria-disabled", String(!isEnabled));
  }

  get #last() {
    return Math.max(0, Math.ceil(this.#total / pageSize) - 1);
  }
}
