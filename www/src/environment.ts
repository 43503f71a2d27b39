/** Globals of a page that a server does not have. */

/** The page's globals. Each of them may be missing. */
export const page: Partial<Pick<typeof globalThis, "document" | "HTMLElement" | "customElements">> = globalThis;
