// Signs in, follows the server's events and shows what they say.

import { Refusal, watch } from "/api.js";
import { changesTable, proxiesTable, sitesTable } from "/views.js";

const shownChanges = 20;
const firstPause = 500;
const longestPause = 15_000;

const byID = (/** @type {string} */ id) => document.getElementById(id);

/** What the page shows; emptied at every new connection, because the server says it all again. */
const model = { agents: [], proxies: new Map(), changes: new Map(), propagation: new Map() };

let session = null;

byID("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = byID("token").value.trim();
  byID("token").value = "";
  if (token !== "") signIn(token);
});

byID("sign-out").addEventListener("click", () => signOut(""));

function signIn(token) {
  session?.abort();
  session = new AbortController();
  say("sign-in-error", "");
  follow(token, session.signal);
}

function signOut(reason) {
  session?.abort();
  session = null;
  forget();
  byID("mesh").hidden = true;
  byID("sign-out").hidden = true;
  byID("sign-in").hidden = false;
  say("connection", "not signed in");
  say("sign-in-error", reason);
}

/** Reconnects with growing pauses; a refused token ends it. */
async function follow(token, signal) {
  let pause = firstPause;
  say("connection", "connecting…");
  while (!signal.aborted) {
    try {
      forget();
      await watch(token, null, signal, (event) => {
        pause = firstPause;
        receive(event);
      });
      say("connection", "the server ended the stream; reconnecting…");
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
        return signOut(error.message);
      }
      say("connection", `no connection since ${new Date().toLocaleTimeString()}; retrying…`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, longestPause);
  }
}

function forget() {
  model.agents = [];
  for (const map of [model.proxies, model.changes, model.propagation]) map.clear();
}

function receive(event) {
  const { data } = event;
  if (event.name === "agents") model.agents = data.agents;
  if (event.name === "proxies") {
    for (const proxy of data.upserts) model.proxies.set(keyOf(proxy), proxy);
    for (const proxy of data.removals) model.proxies.delete(keyOf(proxy));
  }
  if (event.name === "change") {
    model.changes.set(data.revision, data);
    const oldest = [...model.changes.keys()].sort((a, b) => b - a).slice(shownChanges);
    for (const revision of oldest) {
      model.changes.delete(revision);
      model.propagation.delete(revision);
    }
  }
  if (event.name === "propagation") model.propagation.set(data.revision, data);
  scheduleRender();
}

const keyOf = (proxy) => `${proxy.cluster}/${proxy.nodeID}`;

let renderScheduled = false;

/** Many events, one drawing. */
function scheduleRender() {
  if (renderScheduled) return;
  renderScheduled = true;
  requestAnimationFrame(() => {
    renderScheduled = false;
    if (session === null) return;
    render();
  });
}

function render() {
  byID("sign-in").hidden = true;
  byID("sign-out").hidden = false;
  byID("mesh").hidden = false;
  say("connection", "live");
  const proxies = [...model.proxies.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const changes = [...model.changes.values()].sort((a, b) => b.revision - a.revision);
  byID("sites").replaceChildren(sitesTable(model.agents));
  byID("proxies").replaceChildren(proxiesTable(proxies));
  byID("changes").replaceChildren(changesTable(changes, model.propagation));
}

/** Writes only what differs, so that a live region does not repeat itself. */
function say(id, text) {
  const element = byID(id);
  if (element.textContent !== text) element.textContent = text;
}
