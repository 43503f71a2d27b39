/** Files that the offline page carries within itself: gzip, in base64, each in a script element of no script type. */

/** Opens the file with this name. */
export async function inlined(name: string): Promise<Blob> {
  const text = document.querySelector(`script[data-file="${name}"]`)?.textContent;
  if (text === undefined) throw new Error(`the page has lost its part ${name}: download it again`);
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).blob();
}
