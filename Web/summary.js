// What an operator looks at first: is everything connected, in step and in force?

import { element, state } from "/nodes.js";
import { progress } from "/views.js";

/** @returns {HTMLElement} */
export function summaryLine(agents, proxies, changes, propagation) {
  const heard = proxies.filter((proxy) => proxy.connected);
  const unknown = proxies.length - heard.length;
  const list = element(
    "dl",
    ...entry("Sites", count(agents, (agent) => agent.connected, "connected")),
    ...entry("Proxies", count(proxies, (proxy) => proxy.connected, "connected")),
    ...entry("Health", count(heard, (proxy) => proxy.healthy, "healthy", unknown)),
    ...entry("Configuration", count(heard, (proxy) => proxy.inSync, "current", unknown, "waiting")),
  );
  const last = changes[0];
  if (last !== undefined) {
    list.append(...entry(`Revision ${last.revision}`, progress(propagation.get(last.revision))));
  }
  list.className = "summary";
  return list;
}

const entry = (name, content) => [element("div", element("dt", name), element("dd", content))];

/** How many are good; of those that nobody hears of, nothing is claimed. */
function count(items, isGood, word, unknown = 0, otherwise = "bad") {
  const good = items.filter(isGood).length;
  const rest = unknown > 0 ? `${unknown} unknown` : "";
  if (items.length === 0) return state("unknown", rest || "none yet");
  const text = [`${good} of ${items.length} ${word}`, rest].filter(Boolean).join(", ");
  return state(good < items.length ? otherwise : unknown > 0 ? "unknown" : "good", text);
}

/** What somebody should look at, with the command that says more. */
export function concernsList(agents, proxies, rejections) {
  const away = agents.filter((agent) => !agent.connected);
  const isAway = new Set(away.map((agent) => agent.cluster));
  const items = [
    ...away.map((agent) => line(
      agent.since
        ? `${agent.cluster}: the agent is out of contact; its proxies go on with what they have`
        : `${agent.cluster}: no agent has joined yet`,
      agent.since ? "rialto cluster list" : `rialto cluster add ${agent.cluster}`)),
    ...rejections.map((rejection) => line(
      `${rejection.nodeIDs.join(", ")} refuses ${rejection.resourceName}: ${rejection.reason}`,
      "rialto status")),
    ...proxies.filter((proxy) => !isAway.has(proxy.cluster)).flatMap((proxy) => {
      if (!proxy.connected) return [line(`${proxy.nodeID} is disconnected`, "rialto proxies status")];
      if (!proxy.healthy) return [line(`${proxy.nodeID} is unhealthy`, "rialto get workloads")];
      return [];
    }),
  ];
  if (items.length === 0) return element("span");
  const list = element("ul", ...items);
  list.className = "concerns";
  return list;
}

function line(text, command) {
  return element("li", state("bad", text), " ", element("code", command));
}
