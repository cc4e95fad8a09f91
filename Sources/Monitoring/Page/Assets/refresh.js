// SPDX-License-Identifier: Apache-2.0
// Keeps what is shown up to date.

/**
 * Loads something again and again.
 *
 * The next time comes two seconds after the last one, or forty times as long as the answer took. An open page, which loads its
 * view and the state of the node, costs the node at most a twentieth of a processor; one that is not visible costs nothing.
 */
export class Refresher {
  static shortestPause = 2000;
  static costFactor = 40;

  #timer;
  #abort;
  #isRunning = false;
  #wake = () => this.#loadIfIdle();

  /**
   * @param load called with a signal that ends a request.
   * @param show called with what was loaded.
   * @param fail called with the error.
   */
  constructor(load, show, fail) {
    this.load = load;
    this.show = show;
    this.fail = fail;
  }

  start() {
    this.#isRunning = true;
    document.addEventListener("visibilitychange", this.#wake);
    this.#loadIfIdle();
  }

  stop() {
    this.#isRunning = false;
    document.removeEventListener("visibilitychange", this.#wake);
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  async #loadIfIdle() {
    if (this.#abort || document.hidden || !this.#isRunning) return;
    clearTimeout(this.#timer);
    this.#abort = new AbortController();
    const start = performance.now();
    try {
      const loaded = await this.load(this.#abort.signal);
      if (this.#isRunning) this.show(loaded);
    } catch (error) {
      if (this.#isRunning) this.fail(error);
    }
    this.#abort = undefined;
    if (!this.#isRunning) return;
    const pause = Math.max(Refresher.shortestPause, Refresher.costFactor * (performance.now() - start));
    this.#timer = setTimeout(this.#wake, pause);
  }
}
