// --- What can be chosen and moved ----------------------------------------------------------------------------------------

function select(label, groups, value, change) {
  const options = groups.map(([name, entries]) => {
    const made = entries.map(([key, text]) => make("option", { value: key, text, selected: key === value }));
    return name ? make("optgroup", { label: name }, made) : made;
  });
  const box = make("select", { onchange: (event) => change(event.target.value) }, options.flat());
  return make("label", {}, [make("span", { text: label }), box]);
}

function button(text, onclick, more = {}) {
  return make("button", { type: "button", text, onclick, ...more });
}

function buildChoices() {
  const first = spaceOf(state.shown[0]);
  const axes = axisChoices(first).filter(([, entries]) => entries.length);
  const set = (name) => (value) => {
    state[name] = value;
    changed();
  };
  const colors = [
    ["", [["distance", "distance D from the center"], ["held_out", "trained on or held out"]]],
    ["Images", first.told.properties.map((name) => [`property:${name}`, name])],
    ["Attributes", first.told.attributes.map((name) => [`attribute:${name}`, name])],
  ];
  const sides = [["", [["all", "all points"], ["train", "those trained on"], ["test", "those held out"]]]];
  const boxing = button("Box", () => {
    state.isBoxing = !state.isBoxing;
    boxing.setAttribute("aria-pressed", state.isBoxing);
  }, { "aria-pressed": "false", title: "Drag a box around points (or drag with Shift)" });
  element("choose").replaceChildren(
    ...runChoices(),
    select("Across", axes, state.x, set("x")),
    select("Upwards", axes, state.y, set("y")),
    select("Color", colors.filter(([, entries]) => entries.length), state.color, set("color")),
    select("Points", sides, state.side, set("side")),
    boxing,
    button("Show all", () => panels.forEach((panel) => showAll(panel.map)))
  );
}

function runChoices() {
  if (page.spaces.length < 2) return [];
  const runs = page.spaces.map((told, place) => [String(place), page.rows[told.row].label]);
  const show = (shown) => {
    state.shown = shown;
    rebuild();
  };
  return [
    select("Left", [["", runs]], String(state.shown[0]), (value) => show([Number(value), ...state.shown.slice(1)])),
    select("Right", [["", [["", "none"], ...runs]]], String(state.shown[1] ?? ""), (value) =>
      show(value === "" ? state.shown.slice(0, 1) : [state.shown[0], Number(value)])
    ),
  ];
}

// --- Where moves start ------------------------------------------------------------------------------------------------

function buildStart() {
  const first = spaceOf(state.shown[0]);
  const draws = first.draws.length / first.rank;
  const next = (kind, count, by) => () => {
    const number = state.start.kind === kind ? placeOf(kind) + by : 0;
    const place = (number + count) % count;
    return kind === "draw" ? begin({ kind, number: place }) : pick(first.images[place]);
  };
  const placeOf = (kind) => (kind === "draw" ? state.start.number : first.rowOfImage.get(state.start.number));
  element("start").replaceChildren(
    button("Center", () => begin({ kind: "center" })),
    button("◀", next("draw", draws, -1), { "aria-label": "previous draw" }),
    button("Draw of N(mean, covariance)", next("draw", draws, 1), { title: "The first draws of the method mnd: the same in every run" }),
    button("▶", next("draw", draws, 1), { "aria-label": "next draw" }),
    button("◀", next("person", first.count, -1), { "aria-label": "previous person" }),
    button("Person", next("person", first.count, 1)),
    button("▶", next("person", first.count, 1), { "aria-label": "next person" }),
    make("span", { class: "quiet", id: "start-words" })
  );
}

// --- Sliders ----------------------------------------------------------------------------------------------------------

const AXES = 12;
const sliders = [];

function slider(label, { min, max, step, read, write }) {
  const input = make("input", { type: "range", min, max, step, oninput: (event) => {
    write(Number(event.target.value));
    changed();
  } });
  const output = make("output", {});
  sliders.push(() => {
    const value = read();
    if (Number(input.value) !== value) input.value = value;
    output.textContent = value.toFixed(2);
  });
  return make("label", { class: "slider" }, [make("span", { text: label }), input, output]);
}

function buildSliders() {
  sliders.length = 0;
  const first = spaceOf(state.shown[0]);
  const radius = slider("radius (× distance)", {
    min: 0, max: 3, step: 0.01, read: () => state.radius, write: (value) => (state.radius = value),
  });
  const axes = Array.from({ length: Math.min(AXES, first.rank) }, (_, axis) =>
    slider(`principal axis ${axis + 1} (sd)`, {
      min: -4, max: 4, step: 0.02,
      read: () => state.moved.get(axis) ?? startScores(first)?.[axis] ?? 0,
      write: (value) => state.moved.set(axis, value),
    })
  );
  const attributes = first.told.directions.map((name) =>
    slider(name, { min: -3, max: 3, step: 0.02, read: () => state.attributes.get(name) ?? 0, write: (value) => state.attributes.set(name, value) })
  );
  element("sliders").replaceChildren(
    radius,
    fieldset("Principal axes", axes),
    attributes.length ? fieldset("Attributes: 1 is the way from a typical face without to one with", attributes) : make("p", { class: "quiet", text: "The images of this run have no attributes that enough of them have and lack." })
  );
}

function fieldset(title, content) {
  return make("details", { open: true }, [make("summary", { text: title }), make("div", { class: "slider-grid" }, content)]);
}

function readSliders() {
  sliders.forEach((read) => read());
  element("start-words").textContent = `from ${startWords()}`;
}
