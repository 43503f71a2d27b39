/** Globals of a page that a server does not have. */

/** The page's globals, each of them perhaps missing. */
export const page: Partial<Pick<typeof globalThis, "document" | "HTMLElement" | "customElements">> = globalThis;
