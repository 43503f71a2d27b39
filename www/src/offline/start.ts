/** First script of the offline page: unpacks and starts the page's main script. */

import { inlined } from "./inlined.js";

const script = document.createElement("script");
script.type = "module";
script.textContent = await (await inlined("page.js")).text();
document.body.append(script);
