/** Error messages in the page's words: the trainer names options, but the page shows fields and columns. */

import { named, SPLITTING, UNGUESSED } from "../panels/options.js";

const ROLES: Readonly<Record<string, string>> = { user: "user", item: "item", rating: "rating", timestamp: "time" };

/** Returns a message with the page's labels in place of options. */
export function inWords(message: string): string {
  return message
    .replace(/^option `([^`]+)`: /, (_, key: string) => `${labelOf(key) ?? `Option \`${key}\``}: `)
    .replace(/Set (`data\.columns\.\w+`(?:(?:, | and )`data\.columns\.\w+`)*)/, (_, keys: string) => {
      const roles = [...keys.matchAll(/columns\.(\w+)/g)].map(([, role = ""]) => `“${ROLES[role] ?? role}”`);
      return `Choose ${roles.join(" and ")} above their columns below`;
    })
    .replace(/named by `data\.columns\.(\w+)`/, (_, role: string) => `that has “${ROLES[role] ?? role}” above it below`)
    .replace(/\b([Ss])et `([^`]+)`/g, (whole, letter: string, key: string) => {
      const label = labelOf(key);
      return label === undefined ? whole : `${letter}et “${label}” below`;
    })
    .replace(/`([^`]+)`/g, (whole, key: string) => {
      const label = labelOf(key);
      return label === undefined ? whole : `“${label}”`;
    });
}

function labelOf(key: string): string | undefined {
  const [, label] = [...UNGUESSED, ...SPLITTING].find(([other]) => other === key) ?? named(key);
  return label === key ? undefined : label;
}
