/** The page for frames: one element that fills it, set up by the fragment of the address. */

import { type Attributes, fromFragment } from "../element/address.js";
import { NAMES } from "../element/attributes.js";
import { TwoTowerTrainer } from "../element/element.js";

const trainer = new TwoTowerTrainer();
const problem = document.createElement("p");
problem.setAttribute("role", "alert");

/** Sets the element's attributes from the fragment. */
function apply(): void {
  let attributes: Attributes = {};
  problem.remove();
  try {
    attributes = fromFragment(location.hash);
  } catch (thrown) {
    problem.textContent = (thrown as Error).message;
    document.body.prepend(problem);
  }
  for (const name of NAMES) {
    const value = attributes[name];
    if (value === undefined) trainer.removeAttribute(name);
    else trainer.setAttribute(name, value);
  }
}

apply();
addEventListener("hashchange", apply);
document.body.append(trainer);

// The surrounding page may set the height of its frame from this message.
new ResizeObserver(() => {
  parent.postMessage({ type: "twotower-height", height: document.body.offsetHeight }, "*");
}).observe(document.body);
