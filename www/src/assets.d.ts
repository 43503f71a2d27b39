/** Style sheets are bundled as text. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** Comlink has its types under another extension. */
declare module "comlink/dist/esm/node-adapter.mjs" {
  export { type NodeEndpoint, default } from "comlink/dist/esm/node-adapter.js";
}

/** The comments of the shaders, from `build/shaders.js`. */
declare module "virtual:shaders" {
  const shaders: Readonly<Record<string, { about: string; shapes: [binding: string, shape: string][]; twin: string } | undefined>>;
  export default shaders;
}
