/** Small parts of the pictures that need no browser: the map's plane, its groups and its frames, and a batch's softmax. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

import { runnerImport } from "vite";

import { shaderTexts } from "../build/shaders.js";

const load = async (path) => (await runnerImport(new URL(`../src/panels/${path}`, import.meta.url).pathname)).module;

const { readNpy } = await load("map/matrix.ts");
const { Pace } = await load("map/pace.ts");
const { aligned, fitPlane, project, turned } = await load("map/plane.ts");
const { cluster } = await load("map/clusters.ts");
const { extentOf, withFrame } = await load("map/frames.ts");
const { columnsOf, readCatalogue } = await load("map/catalogue.ts");
const { byFeature, byPopularity } = await load("map/colouring.ts");
const { pointAt, pointTowards } = await load("map/places.ts");
const { Camera } = await load("map/camera.ts");
const { cellsOf, lossOf } = await load("batch/softmax.ts");
const { layoutOf } = await load("graph/layout.ts");
const { indented, valuesOf } = await load("graph/wgsl.ts");
const { csvOf } = await load("chart-csv.ts");
const { GLOSSARY } = await load("words/glossary.ts");
const { termOf, TERMS } = await load("words/terms.ts");

/** Numbers from -1 to 1, the same in each run. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Rows that lie on a plane through (3, 1, -2, 0), but for a little noise: wide along one axis, less along the other. */
function flat(rows) {
  const random = randomFrom(7);
  const axes = [[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]];
  const places = Array.from({ length: rows }, () => [4 * random(), random()]);
  const values = places.flatMap(([x, y]) => [3, 1, -2, 0].map((centre, n) => centre + x * axes[0][n] + y * axes[1][n] + 0.01 * random()));
  return { axes, places, matrix: { rows, width: 4, values: Float32Array.from(values) } };
}

const dot = (a, b) => a.reduce((sum, value, n) => sum + value * b[n], 0);

test("the map's plane has the directions in which vectors differ most", async () => {
  const { axes, places, matrix } = flat(500);
  const plane = await fitPlane(matrix, new Pace());
  axes.forEach((axis, n) => assert.ok(Math.abs(dot([...plane.axes[n]], axis)) > 0.999, `axis ${n}: ${plane.axes[n]}`));
  assert.ok(Math.abs(dot([...plane.axes[0]], [...plane.axes[1]])) < 1e-9);
  const points = await project(matrix, plane, new Pace());
  const far = places.findIndex(([x]) => x > 3.5);
  assert.ok(Math.abs(Math.abs(points[2 * far]) - places[far][0]) < 0.3, "a point is where its vector is");
});

test("a later map lies as the one before does: turned, or mirrored", async () => {
  const { matrix } = flat(200);
  const plane = await fitPlane(matrix, new Pace());
  const points = await project(matrix, plane, new Pace());
  for (const [flip, angle] of [[1, 2.1], [-1, 0.7]]) {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const moved = points.map((value, n) => (n % 2 === 0 ? cos * value - sin * points[n + 1] : flip * (sin * points[n - 1] + cos * value)));
    const back = await project(matrix, aligned(plane, points, moved), new Pace());
    const apart = (a, b) => Math.max(...a.map((value, n) => Math.abs(value - b[n])));
    assert.ok(apart(back, moved) < 1e-4, `${apart(back, moved)} apart`);
    assert.ok(apart(turned(points, moved), moved) < 1e-4);
  }
});

test("groups are those that lie close together", async () => {
  const random = randomFrom(3);
  const values = Array.from({ length: 80 }, (_, row) => [Math.floor(row / 10), row % 2 === 0 ? 0.1 * random() : 0]).flatMap(([group, noise]) =>
    Array.from({ length: 8 }, (_, n) => (n === group ? 5 + noise : noise)),
  );
  const { of } = await cluster({ rows: 80, width: 8, values: Float32Array.from(values) }, new Pace());
  for (let group = 0; group < 8; group++) assert.equal(new Set(of.slice(10 * group, 10 * group + 10)).size, 1);
  assert.equal(new Set(of).size, 8);
});

test("frames are bounded, and the last one stays", () => {
  const frame = (epoch, epochs = epoch) => ({ epoch, epochs, points: new Float32Array(20), user: undefined });
  let frames = [];
  for (let epoch = 0; epoch < 300; epoch++) frames = withFrame(frames, frame(epoch), { frames: 10, numbers: 1000 });
  assert.ok(frames.length <= 10 && frames.at(-1).epoch === 299, `${frames.map(({ epoch }) => epoch)}`);
  assert.equal(withFrame(frames, frame(299, "again")).filter(({ epoch }) => epoch === 299).length, 1);
  assert.ok(withFrame(frames, frame(300), { frames: 10, numbers: 60 }).length <= 6, "large frames are fewer");
  assert.equal(extentOf(Float32Array.from({ length: 400 }, (_, n) => (n % 2 ? 0 : n < 396 ? 2 : 50))), 2);
});

test("the catalogue is read, and its groups are told", async () => {
  const file = "item\ttitle\tpairs\tfeatures\n" + [["a", 1, "x=1 | y=p"], ["b", 5, "x=2"], ["c", 5, "x=1"], ["d", 9, ""], ["e", 90, "x=3"]].map(([id, pairs, features]) => `${id}\tTitle ${id}\t${pairs}\t${features}\n`).join("");
  const entries = await readCatalogue(new TextEncoder().encode(file), new Pace());
  assert.deepEqual(entries[1], { item: "b", title: "Title b", pairs: 5, features: "x=2" });
  assert.deepEqual(columnsOf(entries), ["x", "y"]);
  assert.deepEqual(byPopularity(entries).labels, ["1 pair", "2–5 pairs", "6–9 pairs", "10–90 pairs"]);
  assert.deepEqual([...byPopularity(entries).of], [0, 1, 1, 2, 3]);
  assert.deepEqual([byFeature(entries, "x").labels, [...byFeature(entries, "x").of]], [["1", "2", "3", "others"], [0, 1, 0, 3, 2]]);
});

test("points are found by the pointer and by the arrow keys", () => {
  const end = Float32Array.from([0, 0, 2, 0, 0, 1, -3, -3]);
  const way = { start: new Float32Array(8), end, progress: 1 };
  assert.equal(pointAt(way, [1.8, 0.1], 0.5), 1);
  assert.equal(pointAt(way, [1, 0.6], 0.1), undefined);
  assert.equal(pointAt({ ...way, progress: 0.5 }, [1, 0], 0.1), 1, "halfway on its way");
  assert.deepEqual([[1, 0], [0, 1], [-1, 0], [0, -1]].map((to) => pointTowards(way, 0, to)), [1, 2, 3, 3]);
});

test("the camera looks at the whole map, is dragged, zooms around a place, and flies to another one", () => {
  globalThis.matchMedia = () => ({ matches: false });
  const camera = new Camera();
  camera.size = { width: 800, height: 460 };
  const near = (a, b) => a.forEach((value, n) => assert.ok(Math.abs(value - b[n]) < 1e-9, `${a} for ${b}`));
  near(camera.toPage([0, 0]), [400, 230]);
  near(camera.toPage([0, 1]), [400, 30]);
  near(camera.fromPage(camera.toPage([0.3, -0.7])), [0.3, -0.7]);
  const under = camera.fromPage([500, 100]);
  camera.zoomAt(under, 4);
  near(camera.toPage(under), [500, 100]);
  assert.equal(camera.zoom, 4);
  camera.drag(10, -5);
  near(camera.toPage(under), [510, 95]);
  camera.fly({ centre: [1, 1], zoom: 1000 }, 0);
  assert.ok(camera.tick(400), "half of the way");
  assert.ok(!camera.tick(800));
  near(camera.toPage([1, 1]), [400, 230]);
  assert.equal(camera.zoom, 60, "no closer than that");
  camera.fly(undefined, 0);
  camera.tick(5000);
  near([...camera.centre, camera.zoom], [0, 0, 1]);
});

test("NumPy's files are read without a copy", () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117) + "\n";
  const file = new Uint8Array(128 + 24);
  file.set([0x93, ..."NUMPY".split("").map((c) => c.charCodeAt(0)), 1, 0, 118, 0, ...header.split("").map((c) => c.charCodeAt(0))]);
  new Float32Array(file.buffer, 128).set([1, 2, 3, 4, 5, 6]);
  const { rows, width, values } = readNpy("items.npy", file);
  assert.deepEqual([rows, width, [...values]], [2, 3, [1, 2, 3, 4, 5, 6]]);
  assert.equal(values.buffer, file.buffer);
  const flat = new Uint8Array(128).fill(32);
  flat.set(file.subarray(0, 10));
  assert.throws(() => readNpy("users.npy", flat), /users\.npy/);
});

test("a batch's softmax: shares add up, the positive again is no negative, rare items are lifted", () => {
  const users = [[1, 0], [0, 1]];
  const candidate = (item, vector, logQ = 0) => ({ item, vector, logQ });
  const rows = cellsOf(users, [candidate("a", [1, 0]), candidate("b", [0, 1]), candidate("a", [0.9, 0])], 0.5);
  assert.deepEqual(rows[0].map(({ hit }) => hit), [false, false, true]);
  assert.deepEqual(rows[1].map(({ hit }) => hit), [false, false, false]);
  for (const cells of rows) {
    assert.ok(Math.abs(cells.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
    assert.ok(Math.abs(cells.reduce((sum, { slope }) => sum + slope, 0)) < 1e-12, "push and pull are equal");
  }
  assert.ok(Math.abs(rows[0][0].share - 1 / (1 + Math.exp(-2))) < 1e-12);
  const rare = cellsOf(users, [candidate("a", [1, 0], Math.log(0.1)), candidate("b", [0, 1], Math.log(0.9))], 0.5);
  assert.ok(rare[0][0].share > rows[0][0].share);
  const alike = cellsOf([[1, 0], [1, 0]], [candidate("a", [1, 0]), candidate("b", [1, 0])], 1);
  assert.ok(Math.abs(lossOf(alike) - Math.log(2)) < 1e-12, "a guess");
});

test("a graph's operations stand below those that they need, in bands, each at a place of its own", () => {
  const operations = ["window", "window", "step", "step", "step", "window"].map((once) => ({ once }));
  const edges = [[0, 1, 0], [0, 2, 1], [0, 3, 2], [2, 4, 3], [3, 4, 4], [2, 4, 5], [4, 5, 6]];
  const { spots, bands, rows, columns } = layoutOf({ operations, edges });
  assert.deepEqual(bands.map(({ once, row, operations }) => [once, row, operations]), [["window", 0, [0, 1]], ["step", 2, [2, 3, 4]], ["window", 4, [5]]]);
  assert.deepEqual(spots.map(({ column, row }) => [column, row]), [[0, 0], [0, 1], [-0.5, 2], [0.5, 2], [0, 3], [0, 4]]);
  assert.deepEqual([rows, columns], [5, 2]);
  for (const [from, to] of edges) assert.ok(spots[from].row < spots[to].row);
});

test("a shader is shown with its margins, its sizes and the comments of its file", async () => {
  const wgsl = "const WIDE: bool = false;\nconst B: u32 = 64u;\nconst K: u32 = 8u;\nconst D4: u32 = 4u;\nconst TEMPERATURE: f32 = 0.05f;\nfn main(\na: u32,\n) {\nif B > 1u {\nreturn;\n}\n}\n";
  assert.deepEqual(valuesOf(wgsl, "s / τ, x (B, D)"), ["B = 64", "D = 16", "τ = 0.05"]);
  assert.deepEqual(indented(wgsl).split("\n").slice(5), ["fn main(", "    a: u32,", ") {", "    if B > 1u {", "        return;", "    }", "}"]);
  const texts = shaderTexts();
  for (const [name, { about, twin }] of Object.entries(texts)) {
    assert.ok(about.length > 20 && !about.includes("//"), name);
    assert.ok(existsSync(new URL(`../../src/executor/cpu/${twin}.rs`, import.meta.url)), `${name}: ${twin}`);
  }
  assert.match(texts.softmax_loss_rows.about, /\nloss\[b\] = logsumexp/);
  assert.deepEqual(texts.gather_rows.shapes.at(-1), ["out", "(ROWS, D)"]);
  assert.equal(texts.bank_logits.twin, "softmax_loss");
});

test("a chart's values are a file with a line for each place that has one", () => {
  const lines = [
    { label: "a, b", stroke: {}, y: [null, 1, 2], baseline: { label: "popularity", value: 0.5 } },
    { label: "c", stroke: {}, y: [null, null, 4] },
  ];
  assert.equal(csvOf([0, 1, 2], lines, "the epochs"), 'epochs,"a, b",c,"popularity a, b"\n1,1,,0.5\n2,2,4,0.5\n');
});

test("every term has a meaning, and labels find theirs", () => {
  for (const term of TERMS) assert.match(GLOSSARY[term].means, /\.$/);
  assert.deepEqual(["recall@20", "NDCG@20", "Negatives", "Temperature τ", "Epochs", "Width D", "mrr@10"].map(termOf), ["recall", "ndcg", "negative", "temperature", "epoch", undefined, undefined]);
});
