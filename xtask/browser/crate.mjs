/** A build of the crate, and its memory, which only ever grows. Runs in the page. */
export async function crate(folder) {
  const compiled = await import(addressOf(`${folder}twotower.js`));
  // Not every build says where its module is.
  const { memory } = await compiled.default({ module_or_path: addressOf(`${folder}twotower_bg.wasm`) });
  return { ...compiled, memory };
}

/** The address of a module on the page's server; in Node.js, that of its file. */
export function addressOf(path) {
  return globalThis.mounted?.(path) ?? path;
}
