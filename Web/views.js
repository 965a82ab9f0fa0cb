// Tables of sites, proxies and changes.

import { duration, element, objectName, state, table, time } from "/nodes.js";

/** @returns {HTMLElement} */
export function sitesTable(agents) {
  return table(
    "Sites",
    ["No site has an agent yet. ", element("code", "rialto cluster add NAME"),
      " prints the line that starts one."],
    ["Site", "Agent", "Since", "Configuration", "Proxies", "Version"],
    agents.map((agent) => [
      agent.cluster,
      agentState(agent),
      time(agent.since),
      agentProgress(agent),
      `${agent.connectedProxies} of ${agent.proxies} connected`,
      agent.version || "unknown",
    ]),
  );
}

function agentState(agent) {
  if (agent.connected) return state("good", "connected");
  return agent.since ? state("bad", "out of contact") : state("waiting", "never joined");
}

function agentProgress(agent) {
  if (!agent.since) return "–";
  if (!agent.connected) return state("unknown", "unknown");
  return agent.acknowledgedGeneration >= agent.generation
    ? state("good", "current")
    : state("waiting", `${agent.acknowledgedGeneration} of ${agent.generation}`);
}

/** @returns {HTMLElement} */
export function proxiesTable(proxies, agents, rejections) {
  const away = new Set(agents.filter((agent) => !agent.connected).map((agent) => agent.cluster));
  return table(
    "Proxies",
    ["No proxy has registered yet. On the agent's machine, ", element("code", "rialto workload add"),
      " prints the line that starts one."],
    ["Service", "Proxy", "Site", "Role", "Agent stream", "Health", "Configuration", "Envoy"],
    proxies.map((proxy) => {
      // What was last said of them may not be so any more.
      const isKnown = !away.has(proxy.cluster);
      const isHeard = isKnown && proxy.connected;
      return [
        proxy.service ? `${proxy.service}.${proxy.namespace}` : "–",
        proxy.nodeID,
        proxy.cluster,
        proxy.role,
        !isKnown ? state("unknown", "unknown")
          : proxy.connected ? state("good", "connected") : state("bad", "disconnected"),
        !isHeard ? state("unknown", "unknown")
          : proxy.healthy ? state("good", "healthy") : state("bad", "unhealthy"),
        configuration(proxy, isHeard, rejections),
        proxy.envoyVersion || "unknown",
      ];
    }),
  );
}

function configuration(proxy, isHeard, rejections) {
  if (!isHeard) return state("unknown", "unknown");
  const refused = rejections.filter((rejection) =>
    rejection.cluster === proxy.cluster && rejection.nodeIDs.includes(proxy.nodeID)).length;
  if (refused > 0) return state("bad", `refuses ${refused}`);
  return proxy.inSync ? state("good", "current") : state("waiting", "behind");
}

/** @returns {HTMLElement} */
export function changesTable(changes, propagation) {
  return table(
    "Last changes",
    ["Nothing has been written yet. ", element("code", "rialto apply -f FILE"), " writes."],
    ["Revision", "When", "Who", "What", "How far", "Proxies", "Took"],
    changes.map((change) => {
      const reached = propagation.get(change.revision);
      return [
        String(change.revision),
        time(change.committedAt),
        change.actor,
        objects(change),
        progress(reached),
        proxiesReached(reached),
        took(change.revision, reached),
      ];
    }),
  );
}

const shownObjects = 3;

/** The first few objects; the rest unfolds. */
function objects(change) {
  const lines = change.objects.map((object) =>
    element("div", `${object.action} `, objectName(object.fqn)));
  if (lines.length <= shownObjects + 1) return element("div", ...lines);
  return element(
    "div", ...lines.slice(0, shownObjects),
    unfolded(`objects-${change.revision}`, `and ${lines.length - shownObjects} more`,
      lines.slice(shownObjects)));
}

function unfolded(key, title, content) {
  const node = element("details", element("summary", title), ...content);
  node.dataset.key = key;
  return node;
}

export function progress(reached) {
  if (reached === undefined) return state("unknown", "unknown");
  if (!reached.isCompiled) return state("waiting", "accepted");
  const rejections = reached.clusters.flatMap((cluster) => cluster.rejections);
  if (reached.clusters.some((cluster) => cluster.rejected > 0)) {
    return element(
      "div", state("bad", "rejected"),
      ...rejections.map((rejection) =>
        element("div", `${rejection.resourceName}: ${rejection.reason}`)));
  }
  if (reached.isComplete) {
    return reached.clusters.length === 0
      ? state("good", "nothing to do at any site") : state("good", "in force");
  }
  const waiting = reached.clusters.filter((cluster) => cluster.state !== "complete");
  return state("waiting", `on its way to ${waiting.map((cluster) => cluster.cluster).join(", ")}`);
}

function proxiesReached(reached) {
  const clusters = reached?.clusters ?? [];
  const sum = (field) => clusters.reduce((total, cluster) => total + cluster[field], 0);
  return clusters.length === 0 ? "–" : `${sum("acknowledged")} of ${sum("told")}`;
}

/** The slowest site's time from commit to the last proxy's answer; every stage unfolds. */
function took(revision, reached) {
  const clusters = reached?.clusters ?? [];
  if (clusters.length === 0) return "–";
  const times = clusters.map((cluster) => cluster.stages.completed);
  const isDone = times.every((value) => value !== undefined && value !== null);
  // Of what was written before the server's last start, the server does not know it any more.
  if (reached.isComplete && !isDone) return "–";
  const lines = clusters.map((cluster) => {
    const { compiled, sent, stored, completed } = cluster.stages;
    return element("div", `${cluster.cluster}: compiled ${duration(compiled)}, `
      + `sent ${duration(sent)}, stored ${duration(stored)}, `
      + `in force ${duration(completed)}`);
  });
  return unfolded(
    `took-${revision}`, isDone ? duration(Math.max(...times)) : "under way", lines);
}
