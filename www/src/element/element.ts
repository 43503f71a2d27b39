/** Defines `<two-tower-trainer>`. Doing so twice, or from two versions of the package, is harmless: the first one stays. */

import { TwoTowerTrainer } from "./two-tower-trainer.js";

export * from "./events.js";
export { TwoTowerTrainer };

if (globalThis.customElements?.get("two-tower-trainer") === undefined) {
  globalThis.customElements?.define("two-tower-trainer", TwoTowerTrainer);
}

declare global {
  interface HTMLElementTagNameMap {
    "two-tower-trainer": TwoTowerTrainer;
  }
}
