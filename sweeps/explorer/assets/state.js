// --- What is shown, and where in the latent spaces we are -------------------------------------------------------------

const state = {
  shown: page.spaces.map((_, place) => place).slice(0, 2),
  x: "principal:0",
  y: "principal:1",
  color: "distance",
  side: "all",
  isBoxing: false,
  // From where moves start: the center, a draw, a person (by image number), or given scores by place of the space.
  start: { kind: "center" },
  moved: new Map(), // principal axis to sd
  attributes: new Map(), // name to strength: 1 is from a typical face without to a typical one with
  radius: 1,
  slots: { A: null, B: null, C: null }, // image numbers
  person: null,
  hovered: null,
  box: null, // {place, images}
  strip: "ladder",
  isSpherical: false,
};

function shownSpaces() {
  return state.shown.map(spaceOf);
}

function begin(start) {
  state.start = start;
  state.moved.clear();
  state.attributes.clear();
  state.radius = 1;
  changed();
}

/** Scores of an image's vector; null where it is not among the points of this space. */
function scoresOfImage(space, number) {
  const row = space.rowOfImage.get(number);
  return row === undefined ? null : scoresAt(space, row);
}

function startScores(space) {
  const { kind, number, scores } = state.start;
  if (kind === "center") return new Float32Array(space.rank);
  if (kind === "draw") return space.draws.slice(number * space.rank, (number + 1) * space.rank);
  if (kind === "person") return scoresOfImage(space, number)?.slice() ?? null;
  return scores.get(space.place)?.slice() ?? null;
}

/** Where we are in a space; null where the person we start from is not among its points. */
function currentScores(space) {
  const scores = startScores(space);
  if (!scores) return null;
  for (const [axis, sd] of state.moved) if (axis < space.rank) scores[axis] = sd;
  for (const [name, strength] of state.attributes) {
    const k = space.told.directions.indexOf(name);
    if (k >= 0) directionOf(space, k).forEach((score, i) => (scores[i] += strength * score));
  }
  return scores.map((score) => score * state.radius);
}

function startWords() {
  const { kind, number, name } = state.start;
  if (kind === "center") return "the center";
  if (kind === "draw") return `draw ${number + 1} of N(mean, covariance)`;
  return kind === "person" ? `image ${number}` : name;
}

// --- Changes: maps and faces with the next frame, what takes longer when nothing has changed for a while ---------------

const listeners = { frame: [], rest: [] };
const REST = 150;
let frame = 0;
let rest = 0;

function changed() {
  cancelAnimationFrame(frame);
  clearTimeout(rest);
  frame = requestAnimationFrame(() => listeners.frame.forEach((listener) => listener()));
  rest = setTimeout(() => listeners.rest.forEach((listener) => listener()), REST);
}
