/** Opens the data set that the attributes name. */

import { type Table, Trainer, type TrainerOptions, TwoTowerError } from "../index.js";
import { type DataSet, SHIPPED, WORDS } from "../panels/data-set.js";
import { decoded } from "../source.js";
import { type Setup, WrongAttribute } from "./attributes.js";

/** Returns the data set. @throws WrongAttribute if `dataset` is neither the name of a built-in one nor a URL. */
export function dataSetOf({ dataset, items, users }: Setup): DataSet {
  const shipped = SHIPPED.find(({ id }) => id === dataset);
  if (shipped) return shipped;
  if (!/[./]/.test(dataset)) {
    const names = SHIPPED.map(({ id }) => id).join(", ");
    throw new WrongAttribute("dataset", dataset, `${names}, or the URL of a file`);
  }
  const title = decoded(new URL(dataset, document.baseURI).pathname.split("/").at(-1) ?? dataset);
  return {
    id: dataset,
    title,
    summary: dataset,
    words: WORDS,
    given: false,
    create: (options) => created({ data: dataset, items, users }, options),
  };
}

interface Files {
  data: string;
  items: string | null;
  users: string | null;
}

async function created({ data, items, users }: Files, options: TrainerOptions): Promise<Trainer> {
  const [table, itemsTable, usersTable] = await Promise.all([
    fetched("dataset", data),
    items === null ? undefined : fetched("items", items),
    users === null ? undefined : fetched("users", users),
  ]);
  const sides = { ...(itemsTable && { items: itemsTable }), ...(usersTable && { users: usersTable }) };
  return Trainer.create({ data: table, ...sides }, options);
}

/** Downloads the file of an attribute. Rejects an HTML page in its place. */
async function fetched(attribute: string, address: string): Promise<Table> {
  const url = new URL(address, document.baseURI).href;
  const refused = (problem: string, cause?: unknown): TwoTowerError =>
    TwoTowerError.data(url, `${problem}; check the attribute ${attribute}`, cause);
  const response = await fetch(url).catch((cause: unknown) => {
    throw refused("it could not be fetched", cause);
  });
  if (!response.ok) throw refused(`the server answered ${String(response.status)}`);
  if (response.headers.get("content-type")?.startsWith("text/html")) throw refused("the server answered HTML");
  return response;
}
