// --- A latent space: positions are principal scores, in sd along each axis -------------------------------------------

const spaces = new Map();

/** Everything about the latent space at this place of the page; made when it is first shown. */
function spaceOf(place) {
  if (!spaces.has(place)) spaces.set(place, makeSpace(place));
  return spaces.get(place);
}

function makeSpace(place) {
  const told = page.spaces[place];
  const arrays = arraysOf(place);
  const rank = arrays.origin.length;
  const d = arrays.mean.length;
  const count = arrays.scores.length / rank;
  const axisSds = Float32Array.from({ length: rank }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += arrays.axes[j * rank + i] ** 2;
    return Math.sqrt(sum);
  });
  const space = { place, told, row: page.rows[told.row], ...arrays, rank, d, count, axisSds };
  space.network = runtime ? networkOf(place, arrays) : null;
  space.vectors = allVectors(space);
  space.weights = sdWeights(space);
  space.radii = Float32Array.from({ length: count }, (_, i) => distance(scoresAt(space, i)));
  space.rowOfImage = new Map(Array.from(space.images, (number, i) => [number, i]));
  return space;
}

/** (count * d): the latent vectors of all points. */
function allVectors(space) {
  if (!runtime) {
    const vectors = new Float32Array(space.count * space.d);
    for (let i = 0; i < space.count; i++) vectors.set(vectorOf(space, scoresAt(space, i)), i * space.d);
    return vectors;
  }
  const result = tf.tidy(() => {
    const scores = tf.tensor2d(space.scores, [space.count, space.rank]);
    const axes = tf.tensor2d(space.axes, [space.d, space.rank]);
    return tf.add(tf.matMul(scores, axes, false, true), tf.tensor1d(space.mean));
  });
  const vectors = result.dataSync();
  result.dispose();
  return vectors;
}

/** Factors that turn Euclidean distances into root mean squares in sd of the components, as in cae/neighbours.py. */
function sdWeights({ sds }) {
  const varying = sds.filter((sd) => sd > 0).length;
  return sds.map((sd) => (sd > 0 ? 1 / (sd * Math.sqrt(varying)) : 0));
}

function scoresAt(space, i) {
  return space.scores.subarray(i * space.rank, (i + 1) * space.rank);
}

function vectorOf(space, scores) {
  const vector = Float32Array.from(space.mean);
  for (let j = 0; j < space.d; j++) {
    let sum = 0;
    const start = j * space.rank;
    for (let i = 0; i < space.rank; i++) sum += space.axes[start + i] * scores[i];
    vector[j] += sum;
  }
  return vector;
}

/** Mahalanobis distance from the center. */
function distance(scores) {
  let sum = 0;
  for (const score of scores) sum += score * score;
  return Math.sqrt(sum);
}

/** The share, 0 to 1, of a distribution of these quantiles that lies below the value. */
function shareBelow(quantiles, value) {
  let low = 0;
  let high = quantiles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (quantiles[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low / quantiles.length;
}

/** The rows of the points nearest to a vector, and how far they are, by `weights`. */
function nearest(space, vector, count) {
  const { d, vectors, weights } = space;
  const distances = Float32Array.from({ length: space.count }, (_, i) => {
    let sum = 0;
    const start = i * d;
    for (let j = 0; j < d; j++) {
      const difference = (vectors[start + j] - vector[j]) * weights[j];
      sum += difference * difference;
    }
    return sum;
  });
  const order = Array.from(distances.keys()).sort((a, b) => distances[a] - distances[b]);
  return order.slice(0, count).map((row) => ({ row, distance: Math.sqrt(distances[row]) }));
}

// --- Axes of a map: a coordinate is offset + weights . scores --------------------------------------------------------

/** Key to name of all that can be an axis: principal axes, attributes' directions, components. */
function axisChoices(space) {
  const some = (kind, count, name) => Array.from({ length: count }, (_, i) => [`${kind}:${i}`, name(i)]);
  return [
    ["Principal axes", some("principal", Math.min(space.rank, 100), (i) => `principal axis ${i + 1}`)],
    ["Attributes", space.told.directions.map((name) => [`attribute:${name}`, name])],
    ["Components", some("component", space.d, (i) => `component ${i + 1}`)],
  ];
}

/** The axis of this key: its name, and the coordinate as a function of scores; null where the space has no such one. */
function axisOf(space, key) {
  const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  const { rank } = space;
  if (kind === "principal") {
    const i = Number(name);
    if (i >= rank) return null;
    return { name: `principal axis ${i + 1} (sd)`, offset: 0, weights: Float32Array.from({ length: rank }, (_, k) => +(k === i)) };
  }
  if (kind === "component") {
    const j = Number(name);
    if (j >= space.d) return null;
    return { name: `component ${j + 1}`, offset: space.mean[j], weights: space.axes.slice(j * rank, (j + 1) * rank) };
  }
  const k = space.told.directions.indexOf(name);
  if (k < 0) return null;
  // The direction's length in latent space; along it, vectors less the mean are projected.
  const direction = directionOf(space, k);
  const length = Math.sqrt(direction.reduce((sum, score, i) => sum + (score * space.axisSds[i]) ** 2, 0));
  return { name: `along ${name}`, offset: 0, weights: direction.map((score, i) => (score * space.axisSds[i] ** 2) / length) };
}

/** Scores of the difference between the means of those with and without the attribute. */
function directionOf(space, k) {
  return space.directions.slice(k * space.rank, (k + 1) * space.rank);
}

function coordinate(axis, scores) {
  let sum = axis.offset;
  for (let i = 0; i < scores.length; i++) sum += axis.weights[i] * scores[i];
  return sum;
}

/** (count): the coordinates of all points. */
function coordinates(space, axis) {
  return Float32Array.from({ length: space.count }, (_, i) => coordinate(axis, scoresAt(space, i)));
}

/** Points of the ellipse at k sigma of N(mean, covariance), seen in the plane of two axes. */
function ellipse(x, y, k, steps = 96) {
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const xx = dot(x.weights, x.weights);
  const xy = dot(x.weights, y.weights);
  const yy = dot(y.weights, y.weights);
  // Cholesky factor of the plane's covariance.
  const a = Math.sqrt(xx);
  const b = a ? xy / a : 0;
  const c = Math.sqrt(Math.max(yy - b * b, 0));
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = (2 * Math.PI * step) / steps;
    const [u, v] = [k * Math.cos(angle), k * Math.sin(angle)];
    return [x.offset + a * u, y.offset + b * u + c * v];
  });
}
