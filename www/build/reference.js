/** Converts `custom-elements.json` to the element's reference in Markdown. */

/** Returns the tables of attributes, methods, events, parts and custom properties. */
export function reference(manifest) {
  const [element] = manifest.modules.flatMap(({ declarations }) => declarations);
  const { attributes, members, events, slots, cssParts, cssProperties } = element;
  const own = members.filter(({ attribute }) => attribute === undefined);
  return [
    "### Attributes",
    "Each attribute has a property in camel case (`workerUrl` for `worker-url`). A property also accepts an object, a list or a number.",
    table(["attribute", "meaning"], attributes.map(({ name, description }) => [code(name), description])),
    "### Methods and properties",
    table(["name", "meaning"], own.map(({ kind, name, description }) => [code(kind === "method" ? `${name}()` : name), description])),
    "### Events",
    "All events bubble, also out of shadow trees.",
    table(["event", "`detail`", "when"], events.toSorted(byName).map(({ name, type, description }) => [code(name), code(detailOf(type.text)), description])),
    "### Slot and parts",
    table(["", "meaning"], [...slots.map(({ description }) => ["child content", description]), ...cssParts.map(({ name, description }) => [code(`::part(${name})`), description])]),
    "### Custom properties",
    table(["property", "default", "sets"], cssProperties.map(({ name, default: usual, description }) => [code(name), usual ? code(usual) : "by colour scheme", description])),
  ].join("\n\n");
}

const byName = (a, b) => a.name.localeCompare(b.name);
const code = (text) => `\`${text}\``;
const detailOf = (type) => type.replace(/^CustomEvent<(.*)>$/, "$1");

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replace(/\s*\n\s*/g, " ").replace(/\|/g, "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}
