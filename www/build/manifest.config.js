/** Settings of the custom elements analyzer, and a plugin for it that reads the attributes from their table. */

/** Entries of the table in `attributes.ts`. */
const attributes = [];

/** Reads the table of attributes, and adds each attribute and its property to the element. */
const table = {
  name: "table-of-attributes",
  analyzePhase({ ts, node }) {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== "ATTRIBUTES") return;
    let value = node.initializer;
    while (!ts.isObjectLiteralExpression(value)) value = value.expression;
    for (const property of value.properties) attributes.push({ name: property.name.text, description: property.initializer.text });
  },
  packageLinkPhase({ customElementsManifest: manifest }) {
    for (const module of manifest.modules) module.declarations = module.declarations.filter(({ tagName }) => tagName);
    manifest.modules = manifest.modules.filter(({ declarations, exports }) => declarations.length > 0 || exports.some(({ kind }) => kind === "custom-element-definition"));
    const elements = manifest.modules.flatMap(({ declarations }) => declarations);
    if (elements.length !== 1 || attributes.length === 0) throw new Error(`${elements.length} elements with ${attributes.length} attributes`);
    for (const element of elements) {
      const property = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
      const type = (name) => ({ text: name === "autostart" ? "boolean" : "string | null" });
      element.attributes = attributes.map(({ name, description }) => ({ name, description, type: type(name), fieldName: property(name) }));
      const fields = attributes.map(({ name, description }) => ({ kind: "field", name: property(name), attribute: name, description, type: type(name) }));
      // Members without a description are callbacks of the browser, or not public.
      const isPublic = ({ description, name }) => description && !name.startsWith("#") && name !== "connectedMoveCallback";
      const own = (element.members ?? []).filter(isPublic);
      element.members = [...fields, ...own];
    }
  },
};

export default {
  globs: ["src/element/two-tower-trainer.ts", "src/element/element.ts", "src/element/attributes.ts"],
  outdir: "dist",
  plugins: [table],
};
