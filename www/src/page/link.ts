/** The page's state as an address, and as code for other pages. */

import { version } from "../../package.json";
import { type Attributes, escaped, fromFragment, toFragment, toTag } from "../element/address.js";
import { BACKENDS, read } from "../element/attributes.js";
import type { OptionSpec } from "../index.js";
import { type DataSet, SHIPPED } from "../panels/data-set.js";
import { flat, nested, type Settings } from "../panels/settings.js";

/** Data and settings of an address. */
export interface Linked {
  dataSet: DataSet | undefined;
  settings: Settings;
}

/** Returns the attributes of an element that trains like the page. They do not contain the visitor's own data. */
export function attributesOf({ dataSet, settings: { backend, values } }: Linked): Attributes {
  const { epochs, ...others } = values;
  return {
    ...(SHIPPED.some(({ id }) => id === dataSet?.id) && { dataset: dataSet?.id ?? "" }),
    ...(typeof epochs === "number" && { epochs: String(epochs) }),
    ...(Object.keys(others).length > 0 && { config: JSON.stringify(nested(others)) }),
    ...(backend !== BACKENDS[0] && { backend }),
  };
}

/** Reads an address's fragment. @throws WrongAttribute for an unknown name or an invalid value. */
export function linked(fragment: string, specs: readonly OptionSpec[]): Linked {
  const attributes = fromFragment(fragment);
  const { dataset, config, epochs, backend } = read((name) => attributes[name] ?? null);
  const values = { ...flat(config, specs), ...(epochs !== null && { epochs }) };
  const named = attributes.dataset === undefined ? undefined : SHIPPED.find(({ id }) => id === dataset);
  return { dataSet: named, settings: { backend, values } };
}

/** Returns the address of this page in this state. */
export function linkTo(attributes: Attributes): string {
  const fragment = toFragment(attributes);
  return `${location.href.replace(/#.*$/, "")}${fragment && `#${fragment}`}`;
}

/** Returns HTML for a page that allows scripts. The version is pinned: a later one may train differently. */
export function elementCode(attributes: Attributes): string {
  return `<script type="module" src="https://cdn.jsdelivr.net/npm/twotower@${version}/dist/element.js"></script>
${toTag(attributes)}`;
}

/** Returns HTML for a page that forbids scripts. */
export function frameCode(attributes: Attributes): string {
  const source = new URL(`embed/#${toFragment(attributes)}`, location.href).href;
  return `<iframe src="${escaped(source)}" title="A recommender that trains in this page" width="100%" height="440" loading="lazy"></iframe>`;
}
