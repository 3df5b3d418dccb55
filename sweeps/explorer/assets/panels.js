// --- A panel for each run shown: its map, the face where we are, and what is to be said of that place -----------------

let panels = [];

function rebuildPanels() {
  panels = shownSpaces().map((space) => {
    const map = createMap(space);
    const side = space.row.resolution;
    const face = faceCanvas(side, "face of the current position");
    face.classList.add("large");
    const readout = make("div", { class: "readout", "aria-live": "polite" });
    const here = make("div", { class: "here" }, [face, readout]);
    const faults = space.row.remarks.map((text) => make("p", { class: "warning", text }));
    const head = make("header", {}, [make("h2", { text: space.row.label }), headlines(space.row), ...faults]);
    const omitted = space.told.omitted.map((text) => make("p", { class: "quiet", text }));
    // Seen while sliders far below the map are moved.
    const small = faceCanvas(side, "");
    const told = make("span", { class: "quiet" });
    const now = make("div", {}, [small, told]);
    return { space, map, face, readout, small, told, now, element: make("article", { class: "card panel" }, [head, map.element, here, ...omitted]) };
  });
  element("panels").replaceChildren(...panels.map((panel) => panel.element));
  element("panels").dataset.count = panels.length;
  element("now").replaceChildren(...panels.map((panel) => panel.now));
}

/** The headlines of a run beside what a normal cloud and the untrained network score. */
function headlines(row) {
  const cell = (value) => make("td", { class: "number", text: value === null || value === undefined ? "" : value.toFixed(3) });
  const head = ["", "this run", "normal cloud", "untrained", "pixels alone"].map((text) => make("th", { text }));
  const body = row.headlines.map(({ name, value, null: normal, untrained, projection }) =>
    make("tr", {}, [make("th", { text: name }), ...[value, normal, untrained, projection].map(cell)])
  );
  return make("details", {}, [
    make("summary", { class: "quiet", text: row.headlines.map(({ name, value }) => `${name} ${value.toFixed(3)}`).join("  ·  ") }),
    make("table", {}, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, body)]),
  ]);
}

function redrawMaps() {
  panels.forEach((panel) => drawMap(panel.map));
}

function redrawHere() {
  for (const { space, face, readout, small, told, now } of panels) {
    const scores = currentScores(space);
    face.hidden = now.hidden = !scores;
    if (scores) {
      paintFaces(space, [scores], [face]);
      copy(face, small);
      told.textContent = `${space.row.label}: D ${distance(scores).toFixed(2)}`;
    }
    readout.replaceChildren(...(scores ? whereWords(space, scores) : [make("p", { text: `image ${state.start.number} is not among the points of this run` })]));
  }
}

/** Where a position lies: its distance, how many vectors lie nearer to the center, and whether it is among them at all. */
function whereWords(space, scores) {
  const D = distance(scores);
  const { distances, normal_distances: normal, rank } = space;
  const percent = (share) => (share <= 0 ? "None" : share >= 1 ? "All" : `${(100 * share).toFixed(1)} %`);
  const among = `${percent(shareBelow(distances, D))} of the training vectors lie nearer to the center; of a normal cloud of ${rank} dimensions, ${percent(shareBelow(normal, D)).toLowerCase()}.`;
  const words = [
    make("p", {}, [make("strong", { text: `D = ${D.toFixed(2)}` }), ` from the center, at ${startWords()}${state.radius !== 1 ? `, × ${state.radius.toFixed(2)}` : ""}.`]),
    make("p", { text: among }),
  ];
  const [least, most] = [distances[0], distances[distances.length - 1]];
  if (D > most) words.push(make("p", { class: "warning", text: `It has left the cloud: the farthest of all training vectors has D = ${most.toFixed(1)}.` }));
  if (D < least) words.push(make("p", { class: "warning", text: `No training vector is so near to the center: the nearest has D = ${least.toFixed(1)}.` }));
  return words;
}
