// Models to nodes. Everything from the server becomes text, never markup.

/** @returns {HTMLElement} */
export function sitesTable(agents) {
  return table(
    "No site has an agent yet. 'rialto cluster add NAME' prints the line that starts one.",
    ["Site", "Agent", "Since", "Version", "Has generation", "Proxies connected"],
    agents.map((agent) => [
      agent.cluster,
      state(agent.connected ? "good" : "bad", agent.connected ? "connected" : "out of contact"),
      time(agent.since),
      agent.version || "unknown",
      `${agent.acknowledgedGeneration} of ${agent.generation}`,
      `${agent.connectedProxies} of ${agent.proxies}`,
    ]),
  );
}

/** @returns {HTMLElement} */
export function proxiesTable(proxies) {
  return table(
    "No proxy has registered yet.",
    ["Site", "Proxy", "Role", "Service", "Agent stream", "Health", "Configuration", "Envoy"],
    proxies.map((proxy) => [
      proxy.cluster,
      proxy.nodeID,
      proxy.role,
      proxy.service ? `${proxy.service}.${proxy.namespace}` : "–",
      state(proxy.connected ? "good" : "bad", proxy.connected ? "connected" : "disconnected"),
      state(proxy.healthy ? "good" : "bad", proxy.healthy ? "healthy" : "unhealthy"),
      state(
        proxy.inSync ? "good" : "bad",
        `${proxy.inSync ? "current" : "behind"} (${proxy.acknowledgedGeneration})`,
      ),
      proxy.envoyVersion || "unknown",
    ]),
  );
}

/** @returns {HTMLElement} */
export function changesTable(changes, propagation) {
  return table(
    "Nothing has been written yet.",
    ["Revision", "When", "Who", "What", "How far", "Told", "Acknowledged", "Rejected", "Took"],
    changes.map((change) => {
      const reached = propagation.get(change.revision);
      const clusters = reached?.clusters ?? [];
      const sum = (field) => String(clusters.reduce((total, cluster) => total + cluster[field], 0));
      return [
        String(change.revision),
        time(change.committedAt),
        change.actor,
        change.objects.map((object) => `${object.action} ${object.fqn}`).join("\n"),
        progress(reached),
        sum("told"),
        sum("acknowledged"),
        sum("rejected"),
        took(clusters),
      ];
    }),
  );
}

function progress(reached) {
  if (reached === undefined) return state("unknown", "unknown");
  if (!reached.isCompiled) return state("waiting", "accepted");
  if (reached.clusters.some((cluster) => cluster.rejected > 0)) return state("bad", "rejected");
  if (reached.isComplete) {
    return state("good", reached.clusters.length === 0 ? "no effect on any site" : "in force");
  }
  const waiting = reached.clusters.filter((cluster) => cluster.state !== "complete");
  return state("waiting", `on its way to ${waiting.map((cluster) => cluster.cluster).join(", ")}`);
}

/** The slowest site's time from commit to the last proxy's answer. */
function took(clusters) {
  const times = clusters.map((cluster) => cluster.stages.completed ?? null);
  if (times.length === 0 || times.includes(null)) return "–";
  return `${(Math.max(...times) / 1000).toFixed(1)} ms`;
}

/** A state is a sign and a word; the colour only repeats them. */
function state(kind, word) {
  const signs = { good: "●", bad: "▲", waiting: "◐", unknown: "?" };
  const node = element("span", word);
  node.className = `state ${kind}`;
  node.dataset.sign = signs[kind];
  return node;
}

function time(text) {
  const node = element("time", text ? new Date(text).toLocaleTimeString() : "–");
  if (text) node.dateTime = text;
  return node;
}

function table(emptyText, headings, rows) {
  if (rows.length === 0) return element("p", emptyText);
  const head = document.createElement("tr");
  for (const heading of headings) {
    const cell = element("th", heading);
    cell.scope = "col";
    head.append(cell);
  }
  const body = document.createElement("tbody");
  for (const row of rows) {
    const line = document.createElement("tr");
    for (const content of row) {
      const cell = document.createElement("td");
      cell.append(content);
      line.append(cell);
    }
    body.append(line);
  }
  const top = document.createElement("thead");
  top.append(head);
  const node = document.createElement("table");
  node.append(top, body);
  const frame = document.createElement("div");
  frame.className = "frame";
  frame.tabIndex = 0;
  frame.append(node);
  return frame;
}

function element(name, text) {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}
