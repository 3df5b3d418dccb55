// --- Faces in a row: a ladder of distances, a path between two people, arithmetic with three ----------------------------

const STEPS = 9;
const LADDER = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3];

function buildStripBar() {
  const kinds = { ladder: "Ladder of distances", path: "Path from A to B", arithmetic: "A − B + C" };
  const chosen = Object.entries(kinds).map(([key, text]) =>
    button(text, () => {
      state.strip = key;
      changed();
    }, { "data-strip": key })
  );
  const slots = ["A", "B", "C"].map((name) =>
    button(`Person → ${name}`, () => {
      state.slots[name] = state.person;
      changed();
    }, { title: `Makes whoever was clicked last ${name}` })
  );
  const spherical = make("input", { type: "checkbox", onchange: (event) => {
    state.isSpherical = event.target.checked;
    changed();
  } });
  element("strip-bar").replaceChildren(...chosen, ...slots, make("label", { class: "check" }, [spherical, "path keeps its distance from the center"]));
}

/** Captions and positions of the strip in a space; a reason as text where it cannot be. */
function stripOf(space) {
  if (state.strip === "ladder") return ladder(space);
  const names = state.strip === "path" ? ["A", "B"] : ["A", "B", "C"];
  const missing = names.filter((name) => state.slots[name] === null);
  if (missing.length) return `Click a person, then "Person → ${missing[0]}".`;
  const found = names.map((name) => scoresOfImage(space, state.slots[name]));
  if (found.includes(null)) return "Not all of them are among the points of this run.";
  return state.strip === "path" ? path(...found) : arithmetic(...found);
}

function ladder(space) {
  let scores = currentScores(space);
  if (!scores) return "This person is not among the points of this run.";
  if (distance(scores) === 0) scores = space.draws.slice(0, space.rank);
  return LADDER.map((factor) => ({ caption: `× ${factor}`, scores: scores.map((score) => score * factor) }));
}

function path(a, b) {
  const blend = state.isSpherical ? spherical(a, b) : (t) => a.map((score, i) => score + (b[i] - score) * t);
  return Array.from({ length: STEPS }, (_, i) => ({ caption: i === 0 ? "A" : i === STEPS - 1 ? "B" : "", scores: blend(i / (STEPS - 1)) }));
}

/** Along the great circle between two directions (Shoemake 1985), the distance going evenly from one to the other. */
function spherical(a, b) {
  const [long, other] = [distance(a), distance(b)];
  const cosine = a.reduce((sum, score, i) => sum + score * b[i], 0) / (long * other);
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  if (!(angle > 1e-6)) return (t) => a.map((score, i) => score + (b[i] - score) * t);
  return (t) => {
    const [from, to] = [Math.sin((1 - t) * angle), Math.sin(t * angle)].map((part) => part / Math.sin(angle));
    const length = long + (other - long) * t;
    return a.map((score, i) => length * ((from * score) / long + (to * b[i]) / other));
  };
}

function arithmetic(a, b, c) {
  const sum = a.map((score, i) => score - b[i] + c[i]);
  return [["A", a], ["− B", b], ["+ C", c], ["=", sum]].map(([caption, scores]) => ({ caption, scores }));
}

function redrawStrips() {
  for (const made of element("strip-bar").querySelectorAll("[data-strip]")) {
    made.setAttribute("aria-pressed", made.dataset.strip === state.strip);
  }
  const found = shownSpaces().map((space) => [space, stripOf(space)]);
  element("strips").replaceChildren(...found.map(([space, strip]) => stripElement(space, strip, found)));
}

function stripElement(space, strip, all) {
  const title = make("h3", { text: space.row.label });
  if (typeof strip === "string") return make("div", {}, [title, make("p", { class: "quiet", text: strip })]);
  const canvases = strip.map(({ caption }) => faceCanvas(space.row.resolution, `face ${caption}`));
  const faces = strip.map(({ caption, scores }, i) =>
    button("", () => begin({ kind: "scores", name: `${state.strip} ${caption || i + 1}`, scores: at(all, i) }), { class: "tile", title: "Go there" })
  );
  faces.forEach((face, i) => face.append(canvases[i], make("span", { class: "quiet", text: `${strip[i].caption} D ${distance(strip[i].scores).toFixed(1)}` })));
  paintFaces(space, strip.map(({ scores }) => scores), canvases);
  return make("div", {}, [title, make("div", { class: "strip" }, faces)]);
}

/** The i-th position of the strip in every space shown. */
function at(all, i) {
  return new Map(all.filter(([, strip]) => typeof strip !== "string").map(([space, strip]) => [space.place, strip[i].scores]));
}
