// SPDX-License-Identifier: Apache-2.0
// Sets the theme that was chosen last, before anything is shown; without one, that of the browser holds.
"use strict";

const kubetablesTheme = {
  key: "kubetables-theme",

  get chosen() {
    try {
      return localStorage.getItem(this.key) ?? "";
    } catch {
      // A browser may forbid pages to keep anything.
      return "";
    }
  },

  choose(theme) {
    try {
      localStorage.setItem(this.key, theme);
    } catch {
      // The choice holds as long as the page is open.
    }
    this.show(theme);
  },

  show(theme) {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  },
};

kubetablesTheme.show(kubetablesTheme.chosen);
