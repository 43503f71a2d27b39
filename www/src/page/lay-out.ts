/** Lays vectors out with UMAP, in a separate worker, because its first step takes seconds. */

import type { Layout } from "../panels/item-map.js";
import type { Task, Told } from "./umap-worker.js";

/** Undefined in the page that opens from disk, which does not contain this worker. */
export const layOut: Layout | undefined = location.protocol === "file:" ? undefined : inWorker;

function inWorker({ width, values }: Parameters<Layout>[0], told: (share: number) => void, signal: AbortSignal): Promise<Float32Array> {
  const worker = new Worker(new URL("./page-umap.js", import.meta.url), { type: "module" });
  const end = (): void => worker.terminate();
  signal.addEventListener("abort", end);
  const result = new Promise<Float32Array>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Told>) => ("points" in data ? resolve(data.points) : told(data.share));
    worker.onerror = ({ message }) => reject(new Error(message || "the layout could not be loaded"));
  });
  worker.postMessage({ width, values } satisfies Task);
  return result.finally(end);
}
