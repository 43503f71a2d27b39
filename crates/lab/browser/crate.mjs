/** Loads a build of the crate. Returns its exports and its memory, which only grows. Runs in the page. */
export async function crate(folder) {
  const compiled = await import(addressOf(`${folder}twotower.js`));
  // Not every build knows the address of its module.
  const { memory } = await compiled.default({ module_or_path: addressOf(`${folder}twotower_bg.wasm`) });
  return { ...compiled, memory };
}

/** Returns the address of a module on the page's server; in Node.js, of its file. */
export function addressOf(path) {
  return globalThis.mounted?.(path) ?? path;
}
