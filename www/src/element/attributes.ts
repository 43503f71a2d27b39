/** The attributes of `<two-tower-trainer>`: names, meanings, allowed values. */

import { TwoTowerError } from "../error.js";

/** Panels that the element can show. */
export const PANELS = ["loss", "metrics", "ask", "map", "batch", "step", "compare", "profile"] as const;
export type Panel = (typeof PANELS)[number];

/** Events on which the element may load the trainer. */
export const LOADING = ["visible", "interaction", "eager"] as const;
export type Loading = (typeof LOADING)[number];

/** Backends that the element can use. */
export const BACKENDS = ["auto", "webgpu", "cpu"] as const;

/** Every attribute with its meaning. The property of the same name in camel case is the attribute's text, or null. */
export const ATTRIBUTES = {
  dataset: "Name of a built-in data set (`goodbooks`, `online-retail`), or the URL of a file of interactions; default `goodbooks`",
  items: "URL of a file with the items' titles and features, if `dataset` is a URL",
  users: "URL of a file with the users' features, if `dataset` is a URL",
  config: "Options of the run as JSON, with the names of the API",
  preset: "Name of a set of defaults: `fast`, `balanced`, `best`",
  strategies: "Names of strategies to compare, at most four: `two-bp`, `one-bp`, `cbns`, `skip`, `settings`",
  epochs: "Number of epochs",
  controls: "Keys of the options that the reader may change; a group (`onebp`, `cbns`, `skip`) shows its switch",
  panels: "Panels to show: `loss`, `metrics`, `ask`, `map` (the items as points), `batch` (a batch as the loss sees it), `step` (the graph of a training step), `compare`, `profile`; default: the first three, or only `compare` if `strategies` is set",
  backend: "Backend: `auto` (a real GPU, else the CPU), `webgpu`, `cpu`",
  loading: "When to load the trainer: `visible` (when it is on screen), `interaction` (when the reader asks for it), `eager` (at once)",
  autostart: "Starts training as soon as the trainer is ready; a boolean attribute",
  "worker-url": "Address of `worker.js`, if it is not next to the element's script; applies to the whole page",
  "wasm-url": "Address of `twotower.wasm`, if it is not next to the element's script; applies to the whole page",
  "data-url": "Address of the folder `data/`, if it is not next to the element's script; applies to the whole page",
} as const satisfies Record<string, string>;

export type AttributeName = keyof typeof ATTRIBUTES;
export const NAMES = Object.keys(ATTRIBUTES) as AttributeName[];

/** The attributes' values, read and checked. */
export interface Setup {
  dataset: string;
  items: string | null;
  users: string | null;
  config: object;
  preset: string | null;
  strategies: readonly string[];
  epochs: number | null;
  controls: readonly string[];
  panels: readonly Panel[];
  backend: (typeof BACKENDS)[number];
  autostart: boolean;
}

/** Default data set: the smaller one, with titles that people know. */
export const DATASET = "goodbooks";

/** Error for an invalid value of an attribute. */
export class WrongAttribute extends Error {
  constructor(
    readonly attribute: string,
    value: string,
    readonly allowed: string,
  ) {
    super(`attribute ${attribute}="${value}" is not allowed; allowed: ${allowed}`);
  }

  /** Returns the error as the page receives it. */
  typed(): TwoTowerError {
    const { attribute, allowed, message } = this;
    return new TwoTowerError("config", message, { key: attribute, allowed }, { cause: this });
  }
}

/** Reads the attributes. @throws WrongAttribute for the first one with an invalid value. */
export function read(text: (name: AttributeName) => string | null): Setup {
  const strategies = words(text("strategies"));
  return {
    dataset: text("dataset") ?? DATASET,
    items: text("items"),
    users: text("users"),
    config: configOf(text("config")),
    preset: text("preset"),
    strategies,
    epochs: epochsOf(text("epochs")),
    controls: words(text("controls")),
    panels: panelsOf(text("panels"), strategies),
    backend: oneOf("backend", text("backend"), BACKENDS),
    autostart: text("autostart") !== null,
  };
}

/** Reads `loading`. @throws WrongAttribute */
export function loadingOf(text: string | null): Loading {
  return oneOf("loading", text, LOADING);
}

/** Splits a text into words at blanks and commas. */
function words(text: string | null): string[] {
  return (text ?? "").split(/[\s,]+/).filter(Boolean);
}

/** Returns the text as one of the allowed words; without a text, the first one. */
function oneOf<W extends string>(attribute: string, text: string | null, allowed: readonly [W, ...W[]]): W {
  if (text === null || text === "") return allowed[0];
  const found = allowed.find((word) => word === text);
  if (found === undefined) throw new WrongAttribute(attribute, text, allowed.join(", "));
  return found;
}

function panelsOf(text: string | null, strategies: readonly string[]): Panel[] {
  const usual: Panel[] = strategies.length > 0 ? ["compare"] : ["loss", "metrics", "ask"];
  const wanted = words(text);
  for (const word of wanted) {
    if (!(PANELS as readonly string[]).includes(word)) throw new WrongAttribute("panels", text ?? "", PANELS.join(", "));
  }
  return wanted.length > 0 ? PANELS.filter((panel) => wanted.includes(panel)) : usual;
}

function epochsOf(text: string | null): number | null {
  if (text === null || text.trim() === "") return null;
  const epochs = Number(text);
  if (!Number.isInteger(epochs) || epochs < 1) throw new WrongAttribute("epochs", text, "a whole number from 1");
  return epochs;
}

function configOf(text: string | null): object {
  if (text === null || text.trim() === "") return {};
  const wrong = (): WrongAttribute => new WrongAttribute("config", text, 'an object in JSON, such as {"dim": 32}');
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw wrong();
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) throw wrong();
  return config;
}
