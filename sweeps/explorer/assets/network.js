// --- The decoder, by TensorFlow.js on WebAssembly --------------------------------------------------------------------

const RUNTIME_FILES = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];

/** Starts TensorFlow.js from what the page holds; false where the browser has no WebAssembly with SIMD. */
async function startRuntime() {
  try {
    const binary = new Blob([bytesOf(element("runtime").textContent)], { type: "application/wasm" });
    const address = URL.createObjectURL(binary);
    tf.wasm.setWasmPaths(Object.fromEntries(RUNTIME_FILES.map((name) => [name, address])));
    // A page from a file has no memory that threads share.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    await tf.setBackend("wasm");
    await tf.ready();
    return tf.getBackend() === "wasm";
  } catch (error) {
    console.error(error);
    return false;
  }
}

const ACTIVATIONS = {
  relu: (x) => tf.relu(x),
  leaky_relu: (x, { slope }) => tf.leakyRelu(x, slope),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  softplus: (x) => tf.softplus(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
};

// As cae/operations.py describes them.
const OPERATIONS = {
  dense: ([x], w) => tf.add(tf.matMul(x, w.kernel), w.bias),
  conv: ([x], w, { strides, padding }) => tf.add(tf.conv2d(x, w.kernel, strides, padding), w.bias),
  conv_transpose: ([x], w, settings) => tf.add(transposed(x, w.kernel, settings), w.bias),
  affine: ([x], w) => tf.add(tf.mul(x, w.scale), w.shift),
  activation: ([x], w, settings) => ACTIVATIONS[settings.name](x, settings),
  upsample: ([x], w, { factor }) =>
    tf.image.resizeNearestNeighbor(x, [x.shape[1] * factor, x.shape[2] * factor]),
  reshape: ([x], w, { shape }) => tf.reshape(x, [x.shape[0], ...shape]),
  add: ([x, y]) => tf.add(x, y),
};

function transposed(x, kernel, { strides, padding }) {
  const [count, height, width] = x.shape;
  const [kernelHeight, kernelWidth, filters] = kernel.shape;
  const grown = (size, stride, side) => size * stride + (padding === "valid" ? Math.max(side - stride, 0) : 0);
  const shape = [count, grown(height, strides[0], kernelHeight), grown(width, strides[1], kernelWidth), filters];
  return tf.conv2dTranspose(x, kernel, shape, strides, padding);
}

/** The operations of a decoder with their weights as tensors; null where it has none. */
function networkOf(place, arrays) {
  const { network, arrays: places } = page.spaces[place];
  if (!network.length) return null;
  return network.map(({ kind, inputs, settings, weights }) => ({
    kind,
    inputs,
    settings,
    weights: Object.fromEntries(
      Object.entries(weights).map(([name, key]) => [name, tf.tensor(arrays[key], places[key][1], "float32")])
    ),
  }));
}

/** Pictures (count, h, w, 3) of 0 to 1, as one Float32Array, of latent vectors, Float32Array (count * d). */
function decode(network, vectors, count) {
  const result = tf.tidy(() => {
    const values = [tf.tensor2d(vectors, [count, vectors.length / count])];
    for (const { kind, inputs, settings, weights } of network) {
      values.push(OPERATIONS[kind](inputs.map((number) => values[number]), weights, settings));
    }
    return values[values.length - 1];
  });
  const pictures = result.dataSync();
  result.dispose();
  return pictures;
}
