/** JSX types of the element for React 19 and newer: `import type {} from "twotower/jsx"`. */

import type { DetailedHTMLProps, HTMLAttributes } from "react";

import type { PartialConfig } from "../config.js";
import type { AttributeName, BACKENDS, Loading, Panel } from "./attributes.js";
import type { TwoTowerEventMap } from "./events.js";
import type { TwoTowerTrainer } from "./two-tower-trainer.js";

/** Types of the attributes that are not just text. */
interface Values {
  config: string | PartialConfig;
  epochs: number | string;
  strategies: string | readonly string[];
  controls: string | readonly string[];
  panels: string | readonly Panel[];
  backend: (typeof BACKENDS)[number];
  loading: Loading;
  autostart: boolean;
}

/** Attributes in JSX. The name is not `Attributes`, because React has a type of that name. */
type TrainerAttributes = { [Name in AttributeName]?: (Name extends keyof Values ? Values[Name] : string) | undefined };

/** Event listeners in React: `on`, then the event's name. */
type TrainerListeners = { [Name in keyof TwoTowerEventMap as `on${Name}`]?: ((event: TwoTowerEventMap[Name]) => void) | undefined };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "two-tower-trainer": DetailedHTMLProps<HTMLAttributes<TwoTowerTrainer>, TwoTowerTrainer> & TrainerAttributes & TrainerListeners;
    }
  }
}
