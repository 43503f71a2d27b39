/** Defines `<two-tower-trainer>`, unless the page already defines it, perhaps with another version of the package. */

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
  // The events bubble: listeners on elements, the document and the window receive them.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- this is how an interface of the DOM is extended
  interface GlobalEventHandlersEventMap extends TwoTowerEventMap {}
}
