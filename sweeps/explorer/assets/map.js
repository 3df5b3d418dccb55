// --- A map: the points of a space in the plane of two axes -------------------------------------------------------------

const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
const [NO, YES, UNKNOWN] = ["#4c8fd6", "#e8743b", "#9a9aa2"];
const BINS = 32;
const SIGMAS = [1, 2, 3];
const REACH = 14; // pixels around the pointer in which a point is found

function rgb(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** The color at 0 to 1 on the scale. */
function viridis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const [a, b] = [rgb(VIRIDIS[low]), rgb(VIRIDIS[low + 1])];
  return `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * (place - low))).join(" ")})`;
}

/** Colors of all points: which of `colors` each has, and the entries of the legend. */
function coloring(space, key) {
  const [kind, name] = key.split(":");
  if (kind === "held_out") {
    return { bins: space.held_out, colors: [NO, YES], legend: [[NO, "trained on"], [YES, "held out"]] };
  }
  if (kind === "attribute" && space.told.attributes.includes(name)) {
    const start = space.told.attributes.indexOf(name) * space.count;
    const bins = Uint8Array.from(space.attributes.subarray(start, start + space.count), (value) => (value < 0 ? 2 : value));
    const legend = [[NO, `without ${name}`], [YES, `with ${name}`]];
    return { bins, colors: [NO, YES, UNKNOWN], legend: bins.includes(2) ? [...legend, [UNKNOWN, "not known"]] : legend };
  }
  const start = space.told.properties.indexOf(name) * space.count;
  const isProperty = kind === "property" && start >= 0;
  const values = isProperty ? space.properties.subarray(start, start + space.count) : space.radii;
  return scaled(values, isProperty ? name : "distance D from the center");
}

function scaled(values, name) {
  const sorted = Float32Array.from(values).sort();
  const [low, high] = [0.01, 0.99].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
  const bins = Uint8Array.from(values, (value) => {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return Math.min(Math.max(Math.floor(share * BINS), 0), BINS - 1);
  });
  const colors = Array.from({ length: BINS }, (_, i) => viridis((i + 0.5) / BINS));
  return { bins, colors, legend: [[colors[0], `${name} ${short(low)}`], [colors[BINS - 1], short(high)]] };
}

function short(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

/** A disc of each color, to be copied to every point. */
function discs(colors, radius) {
  return colors.map((color) => {
    const disc = make("canvas", { width: 2 * radius + 2, height: 2 * radius + 2 });
    const context = disc.getContext("2d");
    context.fillStyle = color;
    context.beginPath();
    context.arc(radius + 1, radius + 1, radius, 0, 2 * Math.PI);
    context.fill();
    return disc;
  });
}

/** A map of a space: its element, and functions that draw it and change what it shows. */
function createMap(space) {
  const canvas = make("canvas", { class: "map", tabindex: "0", role: "img" });
  const legend = make("p", { class: "legend quiet" });
  const map = { space, canvas, legend, element: make("div", { class: "map-box" }, [canvas, legend]), view: null, frame: null };
  map.axes = () => [axisOf(space, state.x), axisOf(space, state.y)];
  let known = {};
  map.prepare = () => {
    const keys = `${state.x} ${state.y} ${state.color} ${state.side}`;
    if (known.keys === keys) return known;
    const axes = map.axes();
    if (axes.includes(null)) return (known = { keys, axes: null });
    const [xs, ys] = axes.map((axis) => coordinates(space, axis));
    const isMoved = known.where !== `${state.x} ${state.y}`;
    const colored = coloring(space, state.color);
    const order = shownRows(space);
    known = { keys, where: `${state.x} ${state.y}`, axes, xs, ys, colored, order, discs: discs(colored.colors, 3 * devicePixelRatio) };
    if (isMoved || !map.view) map.view = around(axes, xs, ys);
    return known;
  };
  listen(map);
  return map;
}

/** Rows of the points that are to be seen. */
function shownRows(space) {
  const rows = Array.from({ length: space.count }, (_, i) => i);
  if (state.side === "all") return rows;
  return rows.filter((i) => Boolean(space.held_out[i]) === (state.side === "test"));
}

/** The view that holds all points and the origin, if that is not far away. */
function around([x, y], xs, ys) {
  const bounds = (values, axis) => {
    const reach = 3.4 * Math.sqrt(axis.weights.reduce((sum, weight) => sum + weight * weight, 0));
    const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [axis.offset - reach, axis.offset + reach]);
    const margin = 0.04 * (high - low || 1);
    return [low - margin, high + margin];
  };
  return { x: bounds(xs, x), y: bounds(ys, y) };
}

/** Draws the map with the next frame, once for all events before it. */
function redrawSoon(map) {
  map.frame ??= requestAnimationFrame(() => {
    map.frame = null;
    drawMap(map);
  });
}

function drawMap(map) {
  const { canvas, space } = map;
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const [ink, quiet, line, best, paper] = ["--ink", "--quiet", "--line", "--best", "--paper"].map((name) => style.getPropertyValue(name));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const known = map.prepare();
  if (!known.axes) {
    context.fillStyle = quiet;
    context.fillText("this run has no such axis", 12, 24);
    return;
  }
  const { px, py } = projection(map);
  grid(context, map, { quiet, line });
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const i of known.order) {
    const disc = known.discs[known.colored.bins[i]];
    context.drawImage(disc, Math.round(px(known.xs[i]) * ratio - disc.width / 2), Math.round(py(known.ys[i]) * ratio - disc.height / 2));
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawEllipses(context, known.axes, { px, py, ink, paper });
  drawMarks(context, map, { px, py, ink, best, paper });
  drawLegend(map, known.colored.legend);
  canvas.setAttribute("aria-label", mapWords(map));
}

/** From coordinates to pixels and back. */
function projection(map) {
  const { view, canvas } = map;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [[x0, x1], [y0, y1]] = [view.x, view.y];
  return {
    px: (x) => ((x - x0) / (x1 - x0)) * width,
    py: (y) => height - ((y - y0) / (y1 - y0)) * height,
    x: (px) => x0 + (px / width) * (x1 - x0),
    y: (py) => y0 + ((height - py) / height) * (y1 - y0),
  };
}

function ticks([low, high]) {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}

function grid(context, map, { quiet, line }) {
  const { px, py } = projection(map);
  const { canvas, view } = map;
  const [x, y] = map.axes();
  context.strokeStyle = line;
  context.fillStyle = quiet;
  context.lineWidth = 1;
  context.font = "11px system-ui, sans-serif";
  for (const tick of ticks(view.x)) {
    stroke(context, [[px(tick), 0], [px(tick), canvas.clientHeight]]);
    context.fillText(tick, px(tick) + 3, canvas.clientHeight - 5);
  }
  for (const tick of ticks(view.y)) {
    stroke(context, [[0, py(tick)], [canvas.clientWidth, py(tick)]]);
    context.fillText(tick, 3, py(tick) - 3);
  }
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillText(`${x.name} →`, canvas.clientWidth - 6, canvas.clientHeight - 20);
  context.textAlign = "left";
  context.fillText(`↑ ${y.name}`, 6, 14);
}

function stroke(context, points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

/** Text with a rim, readable on points. */
function label(context, text, x, y, color, paper) {
  context.setLineDash([]);
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = paper;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

function drawEllipses(context, [x, y], { px, py, ink, paper }) {
  for (const k of SIGMAS) {
    context.strokeStyle = ink;
    const points = ellipse(x, y, k).map(([u, v]) => [px(u), py(v)]);
    context.lineWidth = 1.5;
    context.setLineDash(k === 1 ? [] : [5, 3]);
    stroke(context, points);
    label(context, `${k} σ`, points[12][0] + 3, points[12][1] - 3, ink, paper);
  }
  context.setLineDash([]);
}

function drawMarks(context, map, { px, py, ink, best, paper }) {
  const { space } = map;
  const [x, y] = map.axes();
  const at = (scores) => [px(coordinate(x, scores)), py(coordinate(y, scores))];
  cross(context, at(new Float32Array(space.rank)), ink, paper, "center");
  cross(context, at(space.origin), ink, paper, "origin");
  for (const name of ["A", "B", "C"]) {
    const scores = state.slots[name] === null ? null : scoresOfImage(space, state.slots[name]);
    if (scores) ring(context, at(scores), ink, paper, name);
  }
  for (const [number, radius] of [[state.person, 7], [state.hovered, 5]]) {
    const scores = number === null ? null : scoresOfImage(space, number);
    if (scores) ring(context, at(scores), ink, paper, "", radius);
  }
  const current = currentScores(space);
  if (current) ring(context, at(current), best, paper, "here", 8);
  if (map.boxed) {
    const [[x0, y0], [x1, y1]] = map.boxed;
    context.strokeStyle = best;
    context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }
}

function cross(context, [x, y], color, paper, name) {
  for (const [width, shade, reach] of [[5, paper, 7], [2, color, 6]]) {
    context.strokeStyle = shade;
    context.lineWidth = width;
    stroke(context, [[x - reach, y], [x + reach, y]]);
    stroke(context, [[x, y - reach], [x, y + reach]]);
  }
  label(context, name, x + 9, y + 15, color, paper);
}

function ring(context, [x, y], color, paper, name, radius = 6) {
  for (const [width, shade] of [[5, paper], [2.5, color]]) {
    context.lineWidth = width;
    context.strokeStyle = shade;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
  label(context, name, x + radius + 3, y - radius, color, paper);
}

function drawLegend(map, entries) {
  const words = entries.map(([color, word]) => `${color} ${word}`).join("|");
  if (map.legend.dataset.words === words) return;
  map.legend.dataset.words = words;
  map.legend.replaceChildren(
    ...entries.map(([color, word]) => {
      const swatch = make("span", { class: "swatch" });
      swatch.style.background = color;
      return make("span", {}, [swatch, ` ${word} `]);
    })
  );
}

function mapWords(map) {
  const [x, y] = map.axes();
  const { row, count } = map.space;
  return `${row.label}: ${count} latent vectors, ${x.name} across, ${y.name} upwards. Arrows move the view, plus and minus zoom, 0 shows all, n and p go from point to point, Enter picks one.`;
}
