/**
 * Entry of the offline page's worker: a classic script, since a page from disk may not start a module worker from a
 * `blob:` address.
 */

import { expose } from "comlink";

import { carryErrors, TwoTowerError } from "../error.js";
import { Host } from "../host.js";

carryErrors();
expose(
  new Host(() => {
    throw new TwoTowerError("worker", "the address of the compiled trainer was not set");
  }),
);
