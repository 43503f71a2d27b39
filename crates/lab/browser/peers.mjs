/**
 * The reference step in other libraries, as their users write it: two id tables, rows of length 1, in-batch softmax
 * without accidental hits, plain SGD. Runs in the page.
 *
 * Each has `step(n)`: runs training step n, and returns the loss and the time until it was available.
 */

/** Mask value of excluded items: far below any logit. */
const OUT = -1e9;

/** Returns the n-th shared batch as typed arrays: users, items, and the mask (B, B) that is added to the logits. */
function prepare(batches) {
  return batches.map((pairs) => {
    const B = pairs.length / 2;
    const side = (which) => Int32Array.from({ length: B }, (_, row) => pairs[2 * row + which]);
    const [users, items] = [side(0), side(1)];
    const isHit = (row, column) => row !== column && items[row] === items[column];
    const mask = Float32Array.from({ length: B * B }, (_, n) => (isHit(Math.floor(n / B), n % B) ? OUT : 0));
    return { users, items, mask };
  });
}

/** TensorFlow.js. */
export async function tfJs(backend, { dim: D, batchSize: B, temperature, optimizer: { learningRate } }, start) {
  await script("/peers/@tensorflow/tfjs/dist/tf.min.js");
  await script("/peers/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js");
  const { tf } = globalThis;
  const chosen = await tf.setBackend(backend);
  if (!chosen) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  const tables = [start.users, start.items].map((table) => tf.variable(tf.tensor2d(table, [table.length / D, D])));
  const batches = prepare(start.batches).map(({ users, items, mask }) => ({
    users: tf.tensor1d(users, "int32"),
    items: tf.tensor1d(items, "int32"),
    mask: tf.tensor2d(mask, [B, B]),
  }));
  const optimiser = tf.train.sgd(learningRate);
  const unit = (rows) => rows.div(rows.square().sum(1, true).sqrt());
  const loss = ({ users, items, mask }) => {
    const [u, v] = [unit(tf.gather(tables[0], users)), unit(tf.gather(tables[1], items))];
    const logits = tf.matMul(u, v, false, true).div(temperature).add(mask);
    const positive = u.mul(v).sum(1).div(temperature);
    return tf.logSumExp(logits, 1).sub(positive).mean();
  };
  return {
    about: () => ({ backend, library: `TensorFlow.js ${tf.version.tfjs}` }),
    async step(n) {
      await tf.setBackend(backend);
      const batch = batches[n % batches.length];
      const started = performance.now();
      const mean = tf.tidy(() => optimiser.minimize(() => loss(batch), true, tables));
      const [value] = await mean.data();
      const milliseconds = performance.now() - started;
      mean.dispose();
      return { milliseconds, loss: value };
    },
  };
}

/** jax-js. */
export async function jaxJs(backend, { dim: D, batchSize: B, temperature, optimizer: { learningRate } }, start) {
  const { numpy: np, nn, valueAndGrad, init, blockUntilReady } = await import("/peers/@jax-js/jax/dist/index.js");
  const { version } = await (await fetch("/peers/@jax-js/jax/package.json")).json();
  const devices = await init();
  if (!devices.includes(backend)) throw new Error(`jax-js has no device ${backend} here`);
  const on = { device: backend };
  let tables = [start.users, start.items].map((table) => np.array(table, on).reshape([table.length / D, D]));
  const batches = prepare(start.batches).map(({ users, items, mask }) => ({
    users: np.array(users, on),
    items: np.array(items, on),
    mask: np.array(mask, on).reshape([B, B]),
  }));
  // `.ref` keeps a value that an operation would otherwise consume.
  const unit = (rows) => rows.ref.div(np.sqrt(np.square(rows).sum(1, { keepdims: true })));
  const loss = (userTable, itemTable, { users, items, mask }) => {
    const u = unit(np.take(userTable, users.ref, 0));
    const v = unit(np.take(itemTable, items.ref, 0));
    const positive = u.ref.mul(v.ref).sum(1).div(temperature);
    const logits = np.matmul(u, v.transpose()).div(temperature).add(mask.ref);
    return nn.logsumexp(logits, 1).sub(positive).mean();
  };
  const descend = (table, gradient) => table.sub(gradient.mul(learningRate));
  return {
    about: () => ({ backend, library: `jax-js ${version}` }),
    async step(n) {
      const batch = batches[n % batches.length];
      const started = performance.now();
      const both = valueAndGrad((users, items) => loss(users, items, batch), { argnums: [0, 1] });
      const [mean, gradients] = both(tables[0].ref, tables[1].ref);
      tables = tables.map((table, side) => descend(table, gradients[side]));
      const [[value]] = await Promise.all([mean.data(), blockUntilReady(tables)]);
      return { milliseconds: performance.now() - started, loss: value };
    },
  };
}

/** Loads a classic script once. */
async function script(src) {
  if (document.querySelector(`script[src="${src}"]`)) return;
  const element = Object.assign(document.createElement("script"), { src });
  const loaded = new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(new Error(`${src} could not be loaded`)));
  });
  document.head.append(element);
  await loaded;
}
