/** Defines custom elements, also if another copy of this package is on the page. */

/** Class decorator: defines the tag, unless it is defined already. */
export function define(tag: string): (type: CustomElementConstructor) => void {
  return (type) => {
    if (customElements.get(tag) === undefined) customElements.define(tag, type);
  };
}
