// --- Pointing at a map: hover, click, drag, wheel, two fingers, box, keys ----------------------------------------------

const ZOOM = 1.25;
const HOVER = 60;

function listen(map) {
  const { canvas } = map;
  const pointers = new Map();
  let dragged = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    dragged = { from: at(event), last: at(event), isBox: state.isBoxing || event.shiftKey, isMoved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.size) return hover(map, at(event), event);
    const before = [...pointers.values()];
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 2) return pinch(map, before, [...pointers.values()]);
    return drag(map, dragged, at(event));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      pointers.delete(event.pointerId);
      if (dragged && name === "pointerup") drop(map, dragged, at(event));
      dragged = null;
    });
  }
  canvas.addEventListener("pointerleave", () => hover(map, null));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(map, at(event), event.deltaY < 0 ? 1 / ZOOM : ZOOM);
  }, { passive: false });
  canvas.addEventListener("dblclick", () => showAll(map));
  canvas.addEventListener("keydown", (event) => key(map, event));
}

/** The row of the point at these pixels, -1 where there is none. */
function pointAt(map, [px, py]) {
  const known = map.prepare();
  if (!known.axes) return -1;
  const { px: toX, py: toY } = projection(map);
  let [found, least] = [-1, REACH ** 2];
  for (const i of known.order) {
    const away = (toX(known.xs[i]) - px) ** 2 + (toY(known.ys[i]) - py) ** 2;
    if (away < least) [found, least] = [i, away];
  }
  return found;
}

let hovering = 0;

function hover(map, place, event) {
  const row = place ? pointAt(map, place) : -1;
  const number = row < 0 ? null : map.space.images[row];
  if (number === state.hovered) return;
  state.hovered = number;
  clearTimeout(hovering);
  const tip = element("tip");
  tip.hidden = true;
  if (row >= 0) hovering = setTimeout(() => showTip(map, row, event), HOVER);
  panels.forEach((panel) => redrawSoon(panel.map));
}

function showTip(map, row, event) {
  const { space } = map;
  const number = space.images[row];
  const own = faceCanvas(page.rows[space.told.row].resolution, `reconstruction of image ${number}`);
  const shown = photograph(space, number) ?? own;
  if (shown === own) paintFaces(space, [scoresAt(space, row)], [own]);
  const tip = element("tip");
  tip.replaceChildren(shown, make("span", { text: `image ${number}, D ${space.radii[row].toFixed(1)}${space.held_out[row] ? ", held out" : ""}` }));
  tip.hidden = false;
  const left = Math.min(event.clientX + 16, innerWidth - tip.offsetWidth - 8);
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${event.clientY + 16 + scrollY}px`;
}

function drag(map, dragged, place) {
  dragged.isMoved ||= Math.hypot(place[0] - dragged.from[0], place[1] - dragged.from[1]) > 4;
  if (dragged.isBox) map.boxed = [dragged.from, place];
  else if (dragged.isMoved) pan(map, place[0] - dragged.last[0], place[1] - dragged.last[1]);
  dragged.last = place;
  redrawSoon(map);
}

function drop(map, dragged, place) {
  map.boxed = null;
  if (dragged.isBox && dragged.isMoved) return choose(map, dragged.from, place);
  if (dragged.isMoved) return redrawSoon(map);
  const row = pointAt(map, place);
  return row < 0 ? redrawSoon(map) : pick(map.space.images[row]);
}

function pan(map, dx, dy) {
  const { view, canvas } = map;
  const [x, y] = [((view.x[1] - view.x[0]) * dx) / canvas.clientWidth, ((view.y[1] - view.y[0]) * dy) / canvas.clientHeight];
  map.view = { x: view.x.map((edge) => edge - x), y: view.y.map((edge) => edge + y) };
}

function zoom(map, [px, py], factor) {
  const { x, y } = projection(map);
  const [cx, cy] = [x(px), y(py)];
  map.view = { x: map.view.x.map((edge) => cx + (edge - cx) * factor), y: map.view.y.map((edge) => cy + (edge - cy) * factor) };
  redrawSoon(map);
}

function pinch(map, before, after) {
  const span = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
  const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  pan(map, middle(after)[0] - middle(before)[0], middle(after)[1] - middle(before)[1]);
  zoom(map, middle(after), span(before) / span(after));
}

function showAll(map) {
  const { axes, xs, ys } = map.prepare();
  if (axes) map.view = around(axes, xs, ys);
  redrawSoon(map);
}

/** Those whose points lie in the box. */
function choose(map, [x0, y0], [x1, y1]) {
  const { order, xs, ys } = map.prepare();
  const { px, py } = projection(map);
  const between = (value, a, b) => value >= Math.min(a, b) && value <= Math.max(a, b);
  const rows = order.filter((i) => between(px(xs[i]), x0, x1) && between(py(ys[i]), y0, y1));
  state.box = rows.length ? { place: map.space.place, images: rows.map((i) => map.space.images[i]) } : null;
  changed();
}

function pick(number) {
  state.person = number;
  begin({ kind: "person", number });
}

function key(map, event) {
  const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  const middle = [map.canvas.clientWidth / 2, map.canvas.clientHeight / 2];
  if (moves[event.key]) pan(map, ...moves[event.key]);
  else if (event.key === "+" || event.key === "=") zoom(map, middle, 1 / ZOOM);
  else if (event.key === "-") zoom(map, middle, ZOOM);
  else if (event.key === "0") showAll(map);
  else if (event.key === "n" || event.key === "p") step(map, event.key === "n" ? 1 : -1);
  else if (event.key === "Enter" && state.hovered !== null) pick(state.hovered);
  else return;
  event.preventDefault();
  panels.forEach((panel) => redrawSoon(panel.map));
}

/** To the next point from left to right among those in view. */
function step(map, by) {
  const { order, xs, ys } = map.prepare();
  const { x, y } = map.view;
  const seen = order.filter((i) => xs[i] >= x[0] && xs[i] <= x[1] && ys[i] >= y[0] && ys[i] <= y[1]);
  seen.sort((a, b) => xs[a] - xs[b]);
  const now = seen.indexOf(map.space.rowOfImage.get(state.hovered ?? state.person));
  const next = seen[(now + by + seen.length) % seen.length];
  if (next !== undefined) state.hovered = map.space.images[next];
}
