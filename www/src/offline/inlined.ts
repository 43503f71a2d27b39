/**
 * Files that the offline page carries within itself: gzip, each in a script element of no script type. As text, four
 * bytes are five digits to the base of 85; `build/offline.js` writes them.
 */

/** Opens the file with this name. */
export async function inlined(name: string): Promise<Blob> {
  const text = document.querySelector(`script[data-file="${name}"]`)?.textContent;
  if (text === undefined) throw new Error(`the page has lost its part ${name}: download it again`);
  const bytes = decoded(text);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).blob();
}

/** First character of the digits. `~` stands for the one that could end the element. */
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

/** Digits after the end are the largest ones, so that those before it round down to their bytes. */
function digit(text: string, ix: number): number {
  if (ix >= text.length) return 84;
  return text[ix] === "~" ? "<".charCodeAt(0) - ZERO : text.charCodeAt(ix) - ZERO;
}
