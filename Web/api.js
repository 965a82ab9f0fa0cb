// The only file that talks to the server.

/** A request that the server refused, in its words. */
export class Refusal extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * Follows the server's events until it ends the stream or `signal` aborts.
 *
 * EventSource cannot send the token as a header, so this reads the stream itself.
 *
 * @param {string} token
 * @param {string | null} lastEventID where to go on; null: from the newest changes
 * @param {AbortSignal} signal
 * @param {(event: {name: string, id: string | null, data: any}) => void} receive
 */
export async function watch(token, lastEventID, signal, receive) {
  const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
  if (lastEventID !== null) headers["Last-Event-ID"] = lastEventID;
  const response = await fetch("/v2/watch", { headers, signal, cache: "no-store" });
  if (!response.ok) throw new Refusal(response.status, await problemOf(response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event !== null) receive(event);
    }
  }
}

/** @param {Response} response */
async function problemOf(response) {
  try {
    const problem = await response.json();
    return problem.detail ?? problem.title ?? response.statusText;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/** @param {string} block */
function parse(block) {
  let name = "message";
  let id = null;
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    if (field === "id") id = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? null : { name, id, data: JSON.parse(data.join("\n")) };
}
