/** Tests the packed package as apps use it: installed alone, bundled by each bundler, from a CDN, with the compiler, on a server. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build as esbuild } from "esbuild";
import ts from "typescript";
import { build as viteBuild, createServer } from "vite";
import webpack from "webpack";

import { html, installed, outcomeOf, snippet, tag } from "./consumer.js";
import { launch } from "./chromium.js";
import { CORS, serve } from "./serve.js";
import { complaints } from "./types.js";

let app, tarball, root, dist, browser;
before(async () => {
  ({ folder: app, tarball } = installed());
  root = fileURLToPath(app);
  dist = new URL("node_modules/twotower/dist/", app);
  browser = await launch();
});
after(() => browser?.close());

/** Fails unless the app's pages train, one by the API and one by the element. */
async function train(url) {
  const api = await outcomeOf(browser, `${url}index.html`);
  assert.deepEqual([api.failed, api.faults, api.epochs], [undefined, [], "2"]);
  assert.ok(Number(api.trained) > 0 && api.best, "the API has a metric and an answer");
  const element = await outcomeOf(browser, `${url}element.html`);
  assert.deepEqual([element.failed, element.faults, element.epochs], [undefined, [], "1"]);
  assert.ok(Number(element.trained) > 0, "the element has a metric");
}

/** Serves a folder of the app while `train` runs. */
async function serving(folder, options, use) {
  const server = await serve(new URL(folder, app), options);
  try {
    await use(server.url);
  } finally {
    await server.close();
  }
}

/** The two pages, for bundlers that do not write HTML. */
const PAGES = { "/index.html": html("./main.js"), "/element.html": html("./element.js", { body: tag() }) };
/** The page that a server of a single-page app sends for a missing file. */
const FALLBACK = html("./none.js");

test("publint and attw have nothing to report: modules only, and no types for the compiled crate", () => {
  const run = (program, ...args) => {
    const file = fileURLToPath(new URL(`../node_modules/${program}`, import.meta.url));
    return execFileSync("node", [file, ...args], { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" });
  };
  assert.match(run("publint/src/cli.js", tarball, "--strict"), /All good!/);
  // `.attw.json` has the profile for packages of modules, and skips the only entry that has types in bundlers alone.
  const found = run("@arethetypeswrong/cli/dist/index.js", tarball).split("\n").filter((line) => /💀|⚠|❌|👺|🥴|🎭|🤨/u.test(line));
  assert.deepEqual(found.filter((line) => !line.includes("(ignored")), []);
});

test("the tarball contains the licences of its data, and no page, source or declaration of another package", () => {
  const files = readdirSync(dist, { recursive: true }).map((file) => file.replaceAll("\\", "/"));
  assert.deepEqual(files.filter((file) => /^page|\.(html|svg|ts|css)$/.test(file) && !file.endsWith(".d.ts")), []);
  assert.equal(files.filter((file) => file.endsWith("LICENSE.txt")).length, 2);
  assert.ok(files.includes("THIRD-PARTY.txt"), "the notices of what is bundled");
  const others = files.filter((file) => file.endsWith(".d.ts")).flatMap((file) => {
    const text = readFileSync(new URL(file, dist), "utf8");
    return [...text.matchAll(/^(?!\/?\s*\*).*(?:from|import\() ?"([^."][^"]*)"/gm)].map(([, name]) => `${file}: ${name}`);
  });
  assert.deepEqual(others, ["types/element/jsx.d.ts: react"]);
});

test("Vite's dev server trains, with the package bundled ahead", async () => {
  const server = await createServer({ root, configFile: false, logLevel: "error", server: { port: 0, host: "127.0.0.1" } });
  await server.listen();
  try {
    await train(`http://127.0.0.1:${server.httpServer.address().port}/`);
    const ahead = readdirSync(new URL("node_modules/.vite/deps/", app));
    assert.ok(ahead.includes("twotower.js") && ahead.includes("twotower_element.js"), `${ahead}`);
  } finally {
    await server.close();
  }
});

test("Vite's build trains, and contains the worker once", async () => {
  const input = ["index.html", "element.html"].map((file) => root + file);
  await viteBuild({ root, configFile: false, logLevel: "error", build: { outDir: "vite", rolldownOptions: { input } } });
  const workers = readdirSync(new URL("vite/assets/", app)).filter((file) => file.startsWith("worker"));
  assert.equal(workers.length, 1, `${workers}`);
  await serving("vite/", { fallback: FALLBACK }, train);
});

test("webpack's build trains", async () => {
  const stats = await new Promise((resolve, reject) => {
    const config = {
      mode: "production",
      target: "web",
      context: root,
      entry: { main: "./main.js", element: "./element.js" },
      output: { path: `${root}webpack`, filename: "[name].js" },
      // The compiled crate exceeds webpack's recommended file size.
      performance: { hints: false },
    };
    webpack(config, (error, stats) => (error ? reject(error) : resolve(stats)));
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  assert.deepEqual([errors, warnings], [[], []]);
  await serving("webpack/", { pages: PAGES, fallback: FALLBACK }, train);
});

test("esbuild's bundle trains with the addresses of README, and without any if the files lie beside it", async () => {
  const bundle = (outdir, inject) =>
    esbuild({
      absWorkingDir: root,
      entryPoints: ["main.js", "element.js"],
      inject,
      bundle: true,
      splitting: true,
      minify: true,
      format: "esm",
      logLevel: "error",
      outdir,
    });
  const carry = (to) => {
    for (const file of ["worker.js", "twotower.wasm", "data/"]) cpSync(new URL(file, dist), new URL(to + file, app), { recursive: true });
  };
  writeFileSync(new URL("addresses.js", app), snippet("configure({"));
  await bundle("esbuild", ["addresses.js"]);
  carry("esbuild/twotower/");
  await serving("esbuild/", { pages: PAGES, fallback: FALLBACK }, train);
  await bundle("beside");
  carry("beside/");
  await serving("beside/", { pages: PAGES, fallback: FALLBACK }, train);
});

/** Address of the package in the app's folder, from a page of the app. */
const OWN = "./node_modules/twotower/dist/";

/** Returns the app's pages without a bundler: the browser loads the package from an address. */
function unbundled(at = OWN, element = tag()) {
  const imports = { twotower: `${at}twotower.js`, "twotower/element": `${at}element.js` };
  const head = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  return { "/index.html": html("./main.js", { head }), "/element.html": html("./element.js", { head, body: element }) };
}

test("the package trains without a bundler, from the page's own server", () =>
  serving("", { pages: unbundled() }, train));

test("the package trains from another server: the CDN of README's snippet", async () => {
  await serving("node_modules/twotower/dist/", { headers: CORS }, async (cdn) => {
    await serving("", { pages: unbundled(cdn) }, train);
    const code = snippet("cdn.jsdelivr.net").replace(/https:\/\/cdn.jsdelivr.net\/npm\/twotower@[\d.]+\/dist\//, cdn);
    const body = code.replace("<two-tower-trainer", "<two-tower-trainer autostart");
    await serving("", { pages: { "/index.html": html("./note.js", { body }), "/note.js": NOTE } }, async (url) => {
      const { trained, failed, faults } = await outcomeOf(browser, url);
      assert.deepEqual([failed, faults], [undefined, []]);
      assert.ok(Number(trained) > 0);
    });
  });
});

/** Records the first epoch of an element that the page loads itself. */
const NOTE = `addEventListener("twotower-epoch", ({ detail: { epoch } }) => (document.body.dataset.trained = epoch["ndcg@20"]));
addEventListener("twotower-error", ({ detail: { error } }) => (document.body.dataset.failed = error.message));`;

/** Options of addresses, with the names of their files; the data's is a folder. */
const LOADED = [
  ["workerUrl", "worker.js"],
  ["wasmUrl", "twotower.wasm"],
  ["dataUrl", ""],
];
/** Servers that do not send a file, and the error for each. */
const FAULTS = {
  "without CORS": [{}, /could not be fetched/],
  "that answers 404": [{ headers: CORS }, /the server answered 404/],
  "that answers HTML": [{ headers: CORS, fallback: FALLBACK }, /the server answered (HTML|text\/html)/],
};

for (const [how, [options, problem]] of Object.entries(FAULTS)) {
  test(`a server ${how} in place of a file is an error with the address and the option`, async () => {
    // Without CORS, the files exist but cannot be read.
    const folder = how === "without CORS" ? OWN : "no/such/";
    await serving(folder, options, async (bad) => {
      for (const [option, name] of LOADED) {
        const attribute = option.replace("Url", "-url");
        await serving("", { pages: unbundled(OWN, tag(`${attribute}="${bad}${name}"`)) }, async (url) => {
          const { failed } = await outcomeOf(browser, `${url}element.html`);
          assert.match(failed, problem);
          for (const part of [bad + name, `configure({ ${option} })`, attribute]) assert.ok(failed.includes(part), `${part} is not in: ${failed}`);
        });
      }
    });
  });
}

test("an app's page in place of a file beside the package is an error with the address and the option", async () => {
  for (const [option, name] of LOADED) {
    await serving("", { pages: unbundled(), fallback: FALLBACK, missing: (path) => path.includes(`/dist/${name || "data/"}`) }, async (url) => {
      const { failed } = await outcomeOf(browser, `${url}element.html`);
      assert.match(failed, /the server answered (HTML|text\/html)/);
      for (const part of [`/twotower/dist/${name}`, `configure({ ${option} })`]) assert.ok(failed.includes(part), `${part} is not in: ${failed}`);
      if (name === "") return;
      assert.equal((await outcomeOf(browser, `${url}index.html`)).failed, failed, "the API says the same");
    });
  }
});

/** Options of a strict consumer: all declarations are checked, with the libraries of the target. */
const STRICT = { skipLibCheck: false, lib: undefined, exactOptionalPropertyTypes: true };

test("a program of strict types uses the API, the element and its events", () => {
  const program = `import { type Config, configure, Trainer, TwoTowerError } from "twotower";
import type { DoneDetail } from "twotower/element";
import { TwoTowerTrainer } from "twotower/two-tower-trainer";

export async function main(csv: Blob, config: Config): Promise<number> {
  configure({ workerUrl: "/worker.js" });
  const trainer = await Trainer.create(csv, { ...config, backend: "cpu" });
  for await (const { epoch } of trainer.train()) console.log(epoch.toFixed());
  const element: TwoTowerTrainer = document.createElement("two-tower-trainer");
  element.epochs = 3;
  element.addEventListener("twotower-epoch", ({ detail }) => console.log(detail.epoch["ndcg@20"]?.toFixed()));
  document.addEventListener("twotower-done", ({ detail }: CustomEvent<DoneDetail>) => console.log(detail.report));
  element.addEventListener("twotower-error", ({ detail: { error } }) => console.log(error instanceof TwoTowerError, error.code));
  return document.querySelector("two-tower-trainer")?.report?.epochs.length ?? 0;
}
`;
  const strict = { ...STRICT, folder: app, name: "program.ts" };
  const wrong = program.replace("detail.epoch[", "detail.epochs[").replace('"cpu"', '"tpu"');
  assert.deepEqual(complaints(program, strict), []);
  assert.equal(complaints(wrong, strict).length, 2);
  assert.deepEqual(complaints(program, { ...strict, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }), []);
});

test("JSX knows the element's attributes and their types", () => {
  const right = `dataset="goodbooks" epochs={3} config={{ dim: 32 }} panels={["loss", "ask"]} loading="eager" autostart
    worker-url="/worker.js" className="wide" ontwotower-done={({ detail }) => console.log(detail.report)}`;
  const wrong = ["epoch={3}", "epochs={true}", 'backend="tpu"', "config={{ dims: 3 }}", 'panels={["losses"]}', 'autostart="yes"', "ontwotower-done={3}"];
  const found = (...elements) => {
    const views = elements.map((attributes, ix) => `export const view${ix} = <two-tower-trainer ${attributes} />;`);
    const module = ['import type {} from "twotower/jsx";', ...views].join("\n");
    return complaints(module, { ...STRICT, folder: app, name: "program.tsx", jsx: ts.JsxEmit.ReactJSX });
  };
  assert.deepEqual(found(right), []);
  assert.equal(found(...wrong).length, wrong.length);
});

test("the browser entries can be imported in Node.js, where they define nothing", () => {
  const script = `const before = Object.keys(globalThis).join();
const modules = await Promise.all(["twotower", "twotower/element", "twotower/two-tower-trainer"].map((name) => import(name)));
console.log(JSON.stringify({ names: modules.map((module) => Object.keys(module)), changed: Object.keys(globalThis).join() !== before, defined: typeof customElements }));`;
  const { names, changed, defined } = JSON.parse(execFileSync("node", ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" }));
  assert.deepEqual(names[0].sort(), ["Trainer", "TwoTowerError", "configure"]);
  assert.deepEqual(names[1], ["TwoTowerTrainer"]);
  assert.ok(names[2].includes("TwoTowerTrainer"));
  assert.deepEqual([changed, defined], [false, "undefined"]);
});
