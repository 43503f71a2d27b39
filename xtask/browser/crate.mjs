/** A build of the crate, and its memory, which only ever grows. Runs in the page. */
export async function crate(folder) {
  const compiled = await import(`${folder}twotower.js`);
  const { memory } = await compiled.default();
  return { ...compiled, memory };
}
