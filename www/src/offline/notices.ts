/** Licences in the offline page. This file replaces `page/notices.ts`. */

import { inlined } from "./inlined.js";

const file = new Blob([await inlined("THIRD-PARTY.txt")], { type: "text/plain; charset=utf-8" });

export const NOTICES = URL.createObjectURL(file);
