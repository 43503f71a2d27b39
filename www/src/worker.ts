/** Entry of the Web Worker that trains. */

import { expose } from "comlink";

import { carryErrors } from "./error.js";
import { Host } from "./host.js";

carryErrors();
expose(new Host(() => new URL("./twotower.wasm", import.meta.url).href));
