/** Formats a shader, whose text has no comments and margins, for readers. */

/** Constants with another symbol in the comments: the symbol, and its value as a multiple of the constant. */
const SYMBOLS: Readonly<Record<string, readonly [symbol: string, times: number]>> = { D4: ["D", 4], TEMPERATURE: ["τ", 1] };

/** Constants of every shader, which are the same in every run. */
const EVERYWHERE = ["NO_ID", "IMPOSSIBLE", "MIN_NORM", "GRID_WIDTH", "WG_SIZE"];

/** Returns the sizes of this run for the symbols that a text contains, such as `B = 64`. */
export function valuesOf(wgsl: string, text: string): string[] {
  const lines = wgsl.split("\n");
  const head = lines.slice(0, lines.findIndex((line) => !line.startsWith("const ")));
  return head.flatMap((line) => {
    const [, name = "", value = ""] = /^const (\w+): [uf]32 = ([^;]*)[uf];$/.exec(line) ?? [];
    const [symbol, times] = SYMBOLS[name] ?? [name, 1];
    return symbol !== "" && !EVERYWHERE.includes(name) && text.split(/[^\wτ]+/).includes(symbol) ? [`${symbol} = ${String(times * Number(value))}`] : [];
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
