/** A shader's text for readers: it comes without comments and margins. */

/** A constant of a shader, as this run compiles it. */
export type Constant = [name: string, value: string];

/** Constants of every shader, which say nothing about the run. */
const EVERYWHERE = new Set(["WIDE", "NO_ID", "IMPOSSIBLE", "MIN_NORM", "GRID_WIDTH", "WG_SIZE"]);

/** Returns the constants at the head of a shader that belong to the run. */
export function constantsOf(wgsl: string): Constant[] {
  const lines = wgsl.split("\n");
  const head = lines.slice(0, lines.findIndex((line) => !line.startsWith("const ")));
  return head.flatMap((line): Constant[] => {
    const [, name = "", value = ""] = /^const (\w+): \w+ = (true|false|[^;]*?)[uf]?;$/.exec(line) ?? [];
    return EVERYWHERE.has(name) || name === "" ? [] : [[name, value]];
  });
}

/** Returns the text with a margin of four spaces for each open brace. */
export function indented(wgsl: string): string {
  let depth = 0;
  const lines = wgsl.split("\n").map((line) => {
    const closed = /^[})]/.test(line) ? 1 : 0;
    const margin = "    ".repeat(Math.max(0, depth - closed));
    depth += count(line, /[{(]/g) - count(line, /[})]/g);
    return line === "" ? "" : margin + line;
  });
  return lines.join("\n").trimEnd();
}

function count(line: string, pattern: RegExp): number {
  return line.match(pattern)?.length ?? 0;
}
