/** JSX types of the element for React 19 and newer: `import type {} from "twotower/jsx"`. */

import type { DetailedHTMLProps, HTMLAttributes } from "react";

import type { AttributeName } from "./attributes.js";
import type { TwoTowerTrainer } from "./two-tower-trainer.js";

type Attributes = { [Name in AttributeName]?: string | number | boolean | object | undefined };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "two-tower-trainer": DetailedHTMLProps<HTMLAttributes<TwoTowerTrainer>, TwoTowerTrainer> & Attributes;
    }
  }
}
