/** What a page has and a server has not. */

/** The page's globals, each of them perhaps missing. */
export const page: Partial<Pick<typeof globalThis, "document" | "HTMLElement" | "customElements">> = globalThis;
