/**
 * Files inside the offline page: compressed by gzip, each in a script element that does not run. In the text, five
 * digits in base 85 stand for four bytes; `build/offline.js` writes them.
 */

/** Opens the file with this name. */
export async function inlined(name: string): Promise<Blob> {
  const text = document.querySelector(`script[data-file="${name}"]`)?.textContent;
  if (text === undefined) throw new Error(`the page is incomplete: ${name} is missing. Download the page again`);
  const bytes = decoded(text);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).blob();
}

/** Character code of the digit 0. `~` stands for `<`, which could end the element. */
const ZERO = 40;

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 4) / 5));
  for (let from = 0, to = 0; from < text.length; from += 5, to += 4) {
    let word = 0;
    for (let ix = from; ix < from + 5; ix++) word = word * 85 + digit(text, ix);
    for (let byte = 0; byte < 4; byte++) bytes[to + byte] = word / 2 ** (24 - 8 * byte);
  }
  return bytes;
}

/** Returns a digit. Digits after the end are the largest one, so that the digits before round down to their bytes. */
function digit(text: string, ix: number): number {
  if (ix >= text.length) return 84;
  return text[ix] === "~" ? "<".charCodeAt(0) - ZERO : text.charCodeAt(ix) - ZERO;
}
