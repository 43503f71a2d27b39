/** Defines `<two-tower-trainer>`. Doing so twice, or from two versions of the package, is harmless: the first one stays. */

import { page } from "../environment.js";
import type { TwoTowerEventMap } from "./events.js";
import { TwoTowerTrainer } from "./two-tower-trainer.js";

export * from "./events.js";
export { TwoTowerTrainer };

if (page.customElements?.get("two-tower-trainer") === undefined) {
  page.customElements?.define("two-tower-trainer", TwoTowerTrainer);
}

declare global {
  interface HTMLElementTagNameMap {
    "two-tower-trainer": TwoTowerTrainer;
  }
  // The events bubble: elements, the document and the window have them.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- this is how an interface of the DOM is extended
  interface GlobalEventHandlersEventMap extends TwoTowerEventMap {}
}
