// The only file that talks to the server.

/** The server says something every 15 seconds: after three of them in silence it is gone. */
const longestSilence = 45_000;

/** A request that the server refused, in its words. */
export class Refusal extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * Follows the server's events until it ends the stream, falls silent or `signal` aborts.
 *
 * EventSource cannot send the token as a header, so this reads the stream itself.
 *
 * @param {string} token
 * @param {AbortSignal} signal
 * @param {(event: {name: string, id: string | null, data: any}) => void} receive
 */
export async function watch(token, signal, receive) {
  const silence = new AbortController();
  let timer = 0;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), longestSilence);
  };
  const stop = () => silence.abort();
  signal.addEventListener("abort", stop);
  heard();
  try {
    const response = await fetch("/v2/watch", {
      headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
      signal: silence.signal,
      cache: "no-store",
      credentials: "omit",
    });
    if (!response.ok) throw new Refusal(response.status, await problemOf(response));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const event = parse(block);
        if (event !== null) receive(event);
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    silence.abort();
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
