// Signs in, follows the server's events and shows what they say.

import { Refusal, watch } from "/api.js";
import { state, timeOfDay } from "/nodes.js";
import { changesTable, proxiesTable, sitesTable } from "/views.js";
import { concernsList, summaryLine } from "/summary.js";

const shownChanges = 20;
const firstPause = 500;
const longestPause = 10_000;

const byID = (/** @type {string} */ id) => document.getElementById(id);

/** What the server has said; made anew with every connection, because it says it all again. */
const emptyModel = () => ({
  agents: [], rejections: [], proxies: new Map(), changes: new Map(), propagation: new Map(),
});

let model = emptyModel();
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
  byID("sign-in-error").textContent = "";
  follow(token, session.signal);
}

function signOut(reason) {
  session?.abort();
  session = null;
  model = emptyModel();
  for (const id of Object.keys(shown)) {
    delete shown[id];
    byID(id).replaceChildren();
  }
  byID("mesh").hidden = true;
  byID("sign-out").hidden = true;
  byID("sign-in").hidden = false;
  say("unknown", "not signed in");
  byID("sign-in-error").textContent = reason;
  byID("token").focus();
}

/** Reconnects with growing pauses; a refused token ends it. */
async function follow(token, signal) {
  let pause = firstPause;
  let lostSince = null;
  say("waiting", "connecting…");
  while (!signal.aborted) {
    const fresh = emptyModel();
    try {
      await watch(token, signal, (event) => {
        if (signal.aborted) return;
        pause = firstPause;
        lostSince = null;
        model = fresh;
        receive(event);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refusal && error.status === 401) {
        return signOut("The server does not accept this token; it may be mistyped or have ended.");
      }
      if (error instanceof Refusal && error.status === 403) return signOut(error.message);
    }
    if (signal.aborted) return;
    lostSince ??= new Date();
    loseContact(lostSince);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, longestPause);
  }
}

/** What is shown stays, marked as old: an operator wants to know how it was. */
function loseContact(since) {
  byID("mesh").classList.add("stale");
  say("bad", `lost contact at ${timeOfDay(since)}, trying again; what is shown is as it was then`);
}

function receive(event) {
  const { data } = event;
  if (event.name === "agents") {
    model.agents = data.agents;
    model.rejections = data.rejections ?? [];
  }
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

let isRenderScheduled = false;

/** Many events, one drawing; a tab in the background draws when it is looked at. */
function scheduleRender() {
  if (isRenderScheduled) return;
  isRenderScheduled = true;
  requestAnimationFrame(() => {
    isRenderScheduled = false;
    if (session !== null) render();
  });
}

function render() {
  byID("sign-in").hidden = true;
  byID("sign-out").hidden = false;
  byID("mesh").hidden = false;
  byID("mesh").classList.remove("stale");
  say("good", `live from ${location.host}`);
  const { agents, rejections, propagation } = model;
  const proxies = [...model.proxies.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const changes = [...model.changes.values()].sort((a, b) => b.revision - a.revision);
  const reached = [...propagation.values()];
  show("summary", [agents, proxies, changes[0], reached], () =>
    summaryLine(agents, proxies, changes, propagation));
  show("concerns", [agents, proxies, rejections], () => concernsList(agents, proxies, rejections));
  show("sites", [agents], () => sitesTable(agents));
  show("proxies", [proxies, agents, rejections], () => proxiesTable(proxies, agents, rejections));
  show("changes", [changes, reached], () => changesTable(changes, propagation));
}

/** What each part of the page was drawn from. */
const shown = {};

/** Draws a part only when what it shows differs, and keeps what is open and where the focus is. */
function show(id, data, draw) {
  const key = JSON.stringify(data);
  if (shown[id] === key) return;
  shown[id] = key;
  const part = byID(id);
  const open = new Set([...part.querySelectorAll("details[open]")].map((node) => node.dataset.key));
  const focused = part.contains(document.activeElement) ? keyOfFocus(document.activeElement) : null;
  part.replaceChildren(draw());
  for (const node of part.querySelectorAll("details")) node.open = open.has(node.dataset.key);
  if (focused === null) return;
  const next = [...part.querySelectorAll("[tabindex], summary")];
  next.find((node) => keyOfFocus(node) === focused)?.focus({ preventScroll: true });
}

const keyOfFocus = (node) => node.closest("details")?.dataset.key ?? "";

/** Writes only what differs, so that a live region does not repeat itself. */
function say(kind, text) {
  const element = byID("connection");
  if (element.textContent !== text) element.replaceChildren(state(kind, text));
  document.title = kind === "bad" ? "▲ Rialto: lost contact" : "Rialto";
}
