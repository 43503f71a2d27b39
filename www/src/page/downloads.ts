/** Downloads of the page, with names that contain the data set and the day. */

import { type DataSet, SHIPPED } from "../panels/data-set.js";

export { give } from "../panels/give.js";

/** Name of a saved run, after its data set and the day. */
export const MODEL = "model.safetensors";

/** Returns a name such as `goodbooks-2026-11-26-recommendations.csv`. */
export function fileName({ id, title }: Pick<DataSet, "id" | "title">, what: string, day = new Date()): string {
  const set = SHIPPED.some((shipped) => shipped.id === id) ? id : slug(title);
  const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  return `${set}-${date}-${what}`;
}

/** Returns a title as a part of a file name; of several files, the title of the first one. */
function slug(title: string): string {
  const [first = ""] = title.split(", ");
  const stem = first.replace(SAVED_ON, "").replace(EXTENSIONS, "");
  const words = stem.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? ["data"];
  return words.join("-").slice(0, LONGEST);
}

/** Suffix of a name that {@link fileName} has made. */
const SAVED_ON = /-\d{4}-\d\d-\d\d-.*$/;
const EXTENSIONS = /(?<=.)(\.\w{1,11})+$/;
const LONGEST = 40;
