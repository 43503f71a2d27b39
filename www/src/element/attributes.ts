/** The attributes of `<two-tower-trainer>`: names, meanings, allowed values. */

import { TwoTowerError } from "../error.js";

/** Panels that the element can show. */
export const PANELS = ["loss", "metrics", "ask", "compare", "profile"] as const;
export type Panel = (typeof PANELS)[number];

/** When the element loads the trainer. */
export const LOADING = ["visible", "interaction", "eager"] as const;
export type Loading = (typeof LOADING)[number];

/** Backends that the element can use. */
export const BACKENDS = ["auto", "webgpu", "cpu"] as const;

/** Every attribute, with its meaning; the property of the same name in camel case is its text, or null. */
export const ATTRIBUTES = {
  dataset: "Name of a built-in data set (`goodbooks`, `online-retail`), or the URL of a file of interactions; `goodbooks` if missing",
  items: "URL of a file with the items' titles and features, for a `dataset` that is a URL",
  users: "URL of a file with the users' features, for a `dataset` that is a URL",
  config: "Options of the run as JSON: those of the API",
  preset: "Name of a set of defaults: `fast`, `balanced`, `best`",
  strategies: "Names of strategies to compare: `two-bp`, `one-bp`, `cbns`, `skip`, `settings`; up to four",
  epochs: "Number of epochs",
  controls: "Keys of the options that the reader may change; a switch by its group (`onebp`, `cbns`, `skip`)",
  panels: "Panels to show: `loss`, `metrics`, `ask`, `compare`, `profile`; if missing, the first three, or `compare` with `strategies`",
  backend: "What to compute on: `auto`, `webgpu`, `cpu`",
  loading: "When to load the trainer: `visible` (when it is on screen), `interaction` (when the reader asks for it), `eager` (at once)",
  autostart: "Whether training starts as soon as the trainer is ready; a boolean attribute",
  "worker-url": "Address of `worker.js`, where it is not beside the element's script; holds for the whole page",
  "wasm-url": "Address of `twotower.wasm`, where it is not beside the element's script; holds for the whole page",
  "data-url": "Address of the folder `data/`, where it is not beside the element's script; holds for the whole page",
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

/** The data set of an element that names none: the smaller one, with titles that people know. */
export const DATASET = "goodbooks";

/** A wrong value of an attribute. */
export class WrongAttribute extends Error {
  constructor(
    readonly attribute: string,
    value: string,
    readonly allowed: string,
  ) {
    super(`attribute ${attribute}="${value}" is not allowed; allowed: ${allowed}`);
  }

  /** The error that the page is told. */
  typed(): TwoTowerError {
    const { attribute, allowed, message } = this;
    return new TwoTowerError("config", message, { key: attribute, allowed }, { cause: this });
  }
}

/** Reads the attributes. @throws WrongAttribute for the first one that has a wrong value. */
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

/** Words between blanks or commas. */
function words(text: string | null): string[] {
  return (text ?? "").split(/[\s,]+/).filter(Boolean);
}

/** The text as one of the words; the first word where there is no text. */
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
