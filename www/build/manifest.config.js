/** Settings of the analyzer of custom elements, and the attributes, which it cannot see: they stand in a table. */

/** The table's entries, found in `attributes.ts`. */
const attributes = [];

/** Reads the table of attributes, and adds it to the element, each with its property. */
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
      // A member without a description is a callback of the browser's, or no member at all.
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
