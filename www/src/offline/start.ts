/** First script of the offline page: unpacks the page's own script, which is most of what is not data. */

import { inlined } from "./inlined.js";

const script = document.createElement("script");
script.type = "module";
script.textContent = await (await inlined("page.js")).text();
document.body.append(script);
