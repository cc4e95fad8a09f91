// SPDX-License-Identifier: Apache-2.0
// What is shown is in the part of the address behind "#", so that it can be kept, sent, and gone back to.

/** What an address leads to: the view, what it is about, and its parameters. */
export class Route {
  constructor(view, subject = [], parameters = {}) {
    this.view = view;
    this.subject = subject;
    this.parameters = parameters;
  }

  /** Reads the address of the page. */
  static get current() {
    const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [view, ...subject] = path.split("/").map(decoded);
    const parameters = {};
    for (const pair of query.split("&").filter((pair) => pair !== "")) {
      const [name, ...value] = pair.split("=");
      parameters[decoded(name)] = decoded(value.join("="));
    }
    return new Route(view || "services", subject, parameters);
  }

  /** The address. */
  get hash() {
    const path = [this.view, ...this.subject].map(encodeURIComponent).join("/");
    const query = Object.entries(this.parameters)
      .filter(([, value]) => value !== undefined && value !== "")
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join("&");
    return `#/${path}${query === "" ? "" : `?${query}`}`;
  }

  /** Makes it the address of the page, without a step back to the old one. */
  replace() {
    history.replaceState(null, "", this.hash);
  }
}

/** The address of a Service's view. */
export function serviceHash(namespace, name) {
  return new Route("service", [namespace, name]).hash;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not an address that this page has made.
    return text;
  }
}
