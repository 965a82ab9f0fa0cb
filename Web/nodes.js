// The nodes that every part of the page is made of. Everything from the server becomes text, never
// markup.

/** @returns {HTMLElement} */
export function element(name, ...content) {
  const node = document.createElement(name);
  node.append(...content);
  return node;
}

/** A state is a sign and a word; the colour only repeats them. */
export function state(kind, word) {
  const signs = { good: "●", bad: "▲", waiting: "◐", unknown: "○" };
  const node = element("span", word);
  node.className = `state ${kind}`;
  node.dataset.sign = signs[kind];
  return node;
}

/** A kind and a name; the whole path is one look away. */
export function objectName(fqn) {
  const parts = fqn.split("/");
  const [collection, name] = parts.slice(-2);
  const owner = parts.at(-4);
  const kind = collection === "settings" ? owner?.replace(/(groups|s)$/, "settings")
    : collection?.replace("unified", "");
  const node = element("span", `${(kind ?? "").replace(/s$/, "")}/${name ?? fqn}`);
  node.title = fqn;
  return node;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const calendar = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

export const timeOfDay = (date) => clock.format(date);

/** The time of day, with the date unless it is today's. */
export function time(text) {
  if (!text) return element("span", "–");
  const date = new Date(text);
  const isToday = date.toDateString() === new Date().toDateString();
  const node = element("time", `${isToday ? "" : `${calendar.format(date)} `}${timeOfDay(date)}`);
  node.dateTime = text;
  node.title = date.toString();
  return node;
}

/** Microseconds as `12.3 ms` or `1.12 s`. */
export function duration(microseconds) {
  if (microseconds === undefined || microseconds === null) return "–";
  const isLong = microseconds >= 1_000_000;
  return isLong
    ? `${(microseconds / 1_000_000).toFixed(2)} s` : `${(microseconds / 1000).toFixed(1)} ms`;
}

/** Rows under headings; a narrow window shows each row as a list with the headings in it. */
export function table(label, emptyContent, headings, rows) {
  if (rows.length === 0) return element("p", ...emptyContent);
  const head = withRole("tr", "row");
  for (const heading of headings) {
    const cell = withRole("th", "columnheader");
    cell.textContent = heading;
    cell.scope = "col";
    head.append(cell);
  }
  const body = withRole("tbody", "rowgroup");
  for (const row of rows) {
    const line = withRole("tr", "row");
    row.forEach((content, column) => {
      const cell = withRole("td", "cell");
      cell.dataset.heading = headings[column];
      cell.append(content);
      line.append(cell);
    });
    body.append(line);
  }
  const top = withRole("thead", "rowgroup");
  top.append(head);
  const node = withRole("table", "table");
  node.setAttribute("aria-label", label);
  node.append(top, body);
  const frame = element("div", node);
  frame.className = "frame";
  // Whoever has no mouse scrolls it with the keys.
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", label);
  return frame;
}

/** Said in words, because the style of a narrow window takes a table's meaning away. */
function withRole(name, role) {
  const node = document.createElement(name);
  node.setAttribute("role", role);
  return node;
}
