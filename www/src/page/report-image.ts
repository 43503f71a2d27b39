/** The report of a run as one picture: its curves and its figures, as SVG. */

import { escaped } from "../element/address.js";
import type { Report } from "../index.js";
import { count, elapsed, share } from "../panels/format.js";

const SIZE = { width: 960, height: 420 };
const PLOT = { top: 96, width: 420, height: 250 };

/** A line of a plot. */
interface Curve {
  label: string;
  colour: string;
  dash?: string;
  values: readonly number[];
}

/** Returns the picture of a run on a data set with this title. */
export function reportImage({ epochs, popularity, config, data, backend, final }: Report, title: string): string {
  const metric = (name: "recall@20" | "ndcg@20"): number[] => epochs.map((epoch) => epoch[name] ?? NaN);
  const flat = (value: number | undefined): number[] => epochs.map(() => value ?? NaN);
  const metrics: Curve[] = [
    { label: "recall@20", colour: "#1f6a8c", values: metric("recall@20") },
    { label: "NDCG@20", colour: "#b83f17", values: metric("ndcg@20") },
    { label: "recall@20 of popularity", colour: "#1f6a8c", dash: "5 4", values: flat(popularity?.["recall@20"]) },
    { label: "NDCG@20 of popularity", colour: "#b83f17", dash: "5 4", values: flat(popularity?.["ndcg@20"]) },
  ];
  const last = final ?? epochs.at(-1);
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const told = [
    `${count(data.users)} users, ${count(data.items)} items, ${count(data.train)} training pairs`,
    `D ${String(config.dim)}, batch ${count(config.batchSize)}, τ ${String(config.temperature)}, seed ${String(config.seed)}, ${String(epochs.length)} epochs in ${elapsed(seconds)} on ${backend === "cpu" ? "the CPU" : "WebGPU"}`,
    `recall@20 ${share(last?.["recall@20"])}, NDCG@20 ${share(last?.["ndcg@20"])}`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(SIZE.width)} ${String(SIZE.height)}" width="${String(SIZE.width)}" height="${String(SIZE.height)}" font-family="system-ui, sans-serif" font-size="12" fill="#26231e">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="30" y="34" font-size="18" font-weight="600">${escaped(title)}</text>
${told.map((line, ix) => `<text x="30" y="${String(56 + 16 * ix)}" fill="#6a6459">${escaped(line)}</text>`).join("\n")}
${plot("Loss", 30, [{ label: "softmax", colour: "#26231e", values: epochs.map(({ loss }) => loss) }])}
${plot("Metrics", 510, metrics)}
</svg>
`;
}

/** Draws curves over the epochs, all on one vertical axis. */
function plot(heading: string, left: number, curves: readonly Curve[]): string {
  const values = curves.flatMap(({ values }) => values).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 0) || 1];
  const longest = Math.max(1, ...curves.map(({ values }) => values.length - 1));
  const bottom = PLOT.top + 30 + PLOT.height;
  const at = (value: number, ix: number): string =>
    `${(left + 36 + ((PLOT.width - 36) * ix) / longest).toFixed(1)},${(bottom - (PLOT.height * (value - low)) / (high - low)).toFixed(1)}`;
  const lines = curves.map(({ values, colour, dash }) => {
    const points = values.flatMap((value, ix) => (Number.isFinite(value) ? [at(value, ix)] : []));
    const drawn = points.length === 1 ? [...points, ...points] : points;
    return `<polyline points="${drawn.join(" ")}" fill="none" stroke="${colour}" stroke-width="2" stroke-linecap="round"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`;
  });
  const keys = curves.map(({ label, colour }, ix) => `<text x="${String(left + 36 + 196 * (ix % 2))}" y="${String(bottom + 20 + 16 * Math.floor(ix / 2))}" fill="${colour}">${label}</text>`);
  return `<text x="${String(left)}" y="${String(PLOT.top + 20)}" font-weight="600">${heading}</text>
<text x="${String(left)}" y="${String(PLOT.top + 38)}" fill="#6a6459">${share(high)}</text><text x="${String(left)}" y="${String(bottom)}" fill="#6a6459">${share(low)}</text>
<path d="M${String(left + 36)} ${String(bottom)}h${String(PLOT.width - 36)}" stroke="#e4ded2"/>
${lines.join("\n")}
${keys.join("\n")}`;
}
