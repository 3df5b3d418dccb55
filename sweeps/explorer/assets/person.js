// --- Whoever was clicked, and those in the box ---------------------------------------------------------------------------

const NEIGHBOURS = 6;

function redrawPerson() {
  if (state.person === null) return;
  element("person").replaceChildren(...shownSpaces().map((space) => personIn(space, state.person)));
}

function personIn(space, number) {
  const row = space.rowOfImage.get(number);
  const title = make("h3", { text: space.row.label });
  if (row === undefined) return make("div", {}, [title, make("p", { text: `image ${number} is not among the points of this run` })]);
  const found = nearest(space, space.vectors.subarray(row * space.d, (row + 1) * space.d), NEIGHBOURS + 1).filter((other) => other.row !== row);
  const own = [row, ...found.slice(0, NEIGHBOURS).map((other) => other.row)];
  const canvases = own.map((i) => faceCanvas(space.row.resolution, `reconstruction of image ${space.images[i]}`));
  paintFaces(space, own.map((i) => scoresAt(space, i)), canvases);
  const words = ["reconstruction", ...found.slice(0, NEIGHBOURS).map(({ distance }) => `${distance.toFixed(2)} sd away`)];
  const tiles = own.map((i, place) => {
    const tile = button("", () => pick(space.images[i]), { class: "tile", title: `image ${space.images[i]}` });
    tile.append(...[photograph(space, space.images[i]), canvases[place]].filter(Boolean), make("span", { class: "quiet", text: words[place] }));
    return tile;
  });
  return make("div", {}, [title, make("p", { text: aboutPerson(space, row) }), make("div", { class: "strip" }, tiles)]);
}

function aboutPerson(space, row) {
  const { told, count } = space;
  const has = told.attributes.filter((_, k) => space.attributes[k * count + row] === 1);
  const numbers = told.properties.map((name, k) => `${name} ${short(space.properties[k * count + row])}`);
  const side = space.held_out[row] ? "held out" : "trained on";
  const share = shareBelow(space.distances, space.radii[row]);
  const first = `Image ${space.images[row]}, ${side}: D = ${space.radii[row].toFixed(2)}, farther out than ${(100 * share).toFixed(1)} % of the training vectors.`;
  return [first, numbers.join(", "), has.length ? `It has: ${has.join(", ")}.` : ""].filter(Boolean).join(" ");
}

function redrawBox() {
  const section = element("selection-section");
  section.hidden = state.box === null;
  if (state.box === null) return;
  const { images } = state.box;
  const shares = shareTable(spaceOf(state.box.place), images);
  element("selection").replaceChildren(
    make("p", { text: `${images.length} points.` }),
    make("div", { class: "strip" }, shownSpaces().map((space) => meanTile(space, images)).filter(Boolean)),
    ...(shares ? [shares] : []),
    make("div", { class: "bar" }, [
      button("Download as CSV", () => save(new Blob([boxCsv()], { type: "text/csv" }), "points.csv")),
      button("Close the box", () => {
        state.box = null;
        changed();
      }),
    ])
  );
}

function meanScores(space, images) {
  const rows = images.map((number) => space.rowOfImage.get(number)).filter((row) => row !== undefined);
  const mean = new Float32Array(space.rank);
  for (const row of rows) scoresAt(space, row).forEach((score, i) => (mean[i] += score / rows.length));
  return rows.length ? mean : null;
}

function meanTile(space, images) {
  const mean = meanScores(space, images);
  if (!mean) return null;
  const canvas = faceCanvas(space.row.resolution, "face of the mean vector of the box");
  paintFaces(space, [mean], [canvas]);
  const all = () => new Map(shownSpaces().map((other) => [other.place, meanScores(other, images)]));
  const tile = button("", () => begin({ kind: "scores", name: "the mean of the box", scores: all() }), { class: "tile", title: "Go there" });
  tile.append(canvas, make("span", { class: "quiet", text: `mean vector, D ${distance(mean).toFixed(1)}` }));
  return tile;
}

/** The attributes that differ most between the box and all points; null where there are none. */
function shareTable(space, images) {
  const rows = images.map((number) => space.rowOfImage.get(number));
  const shares = space.told.attributes.map((name, k) => {
    const values = space.attributes.subarray(k * space.count, (k + 1) * space.count);
    const share = (chosen) => {
      const known = chosen.filter((value) => value >= 0);
      return known.length ? known.filter((value) => value === 1).length / known.length : NaN;
    };
    return { name, inside: share(rows.map((row) => values[row])), all: share(Array.from(values)) };
  });
  const known = shares.filter(({ inside, all }) => !Number.isNaN(inside + all));
  if (!known.length) return null;
  known.sort((a, b) => Math.abs(b.inside - b.all) - Math.abs(a.inside - a.all));
  const percent = (share) => make("td", { class: "number", text: `${(100 * share).toFixed(0)} %` });
  const head = ["attribute", "in the box", "of all points"].map((text) => make("th", { text }));
  const body = known.slice(0, 8).map(({ name, inside, all }) => make("tr", {}, [make("td", { text: name }), percent(inside), percent(all)]));
  return make("table", {}, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, body)]);
}

function boxCsv() {
  const space = spaceOf(state.box.place);
  const { told, count } = space;
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = ["image", "held_out", "distance", ...told.properties, ...told.attributes].map(quoted);
  const lines = state.box.images.map((number) => {
    const row = space.rowOfImage.get(number);
    const own = (kind, names) => names.map((_, k) => space[kind][k * count + row]);
    return [number, space.held_out[row], space.radii[row], ...own("properties", told.properties), ...own("attributes", told.attributes)];
  });
  return [head, ...lines].map((line) => line.join(",")).join("\n") + "\n";
}
