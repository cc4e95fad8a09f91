// SPDX-License-Identifier: Apache-2.0
// The reports of the running program.

/** Why there is no report, in words for people. */
export class Failure extends Error {
  /** @param status the status of HTTP; 0 if nothing has answered. */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

let version;

/** Called with the program's version when it is another one than at first. */
export const versionChange = { handler: undefined };

/** The address of a report. */
export function reportAddress(path, parameters) {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return `/v1/${path}?${query.join("&")}`;
}

/**
 * Asks for a report.
 *
 * @throws Failure
 */
export async function report(path, parameters = {}, signal = undefined) {
  const address = reportAddress(path, { ...parameters, output: "json" });
  try {
    const answer = await fetch(address, { signal, cache: "no-store", credentials: "omit" });
    noteVersion(answer.headers.get("Kubetables-Version"));
    if (!answer.ok) throw new Failure((await answer.text()).trim() || `status ${answer.status}`, answer.status);
    return await answer.json();
  } catch (error) {
    if (error instanceof Failure || error.name === "AbortError") throw error;
    throw new Failure("kubetables does not answer; trying again");
  }
}

function noteVersion(found) {
  if (found === null) return;
  version ??= found;
  if (found !== version) versionChange.handler?.(found);
}
