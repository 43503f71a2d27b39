/** A chart's values as a file. */

import type { Line } from "./line-chart.js";

/** Returns a CSV row for each x with a value: x, the values of the lines, then their baselines. */
export function csvOf(x: readonly number[], lines: readonly Line[], axis: string): string {
  const compared = lines.flatMap(({ label, baseline }) => (baseline?.value === undefined ? [] : [[`${baseline.label} ${label}`, baseline.value] as const]));
  const head = [axis.replace(/^the /, ""), ...lines.map(({ label }) => label), ...compared.map(([label]) => label)];
  const rows = x.flatMap((place, ix) => {
    const values = lines.map(({ y }) => y[ix] ?? null);
    return values.every((value) => value === null) ? [] : [[place, ...values, ...compared.map(([, value]) => value)]];
  });
  return [head, ...rows].map((cells) => cells.map(cell).join(",")).join("\n") + "\n";
}

function cell(value: string | number | null): string {
  const text = String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
