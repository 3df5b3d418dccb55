// --- The gallery: a row a run, a column a way to make faces; the same person or draw in every cell ----------------------

const gallery = { pick: 0, zoomed: null };

function columnsOf() {
  return [...new Set(page.rows.flatMap((row) => Object.keys(row.strips)))];
}

function tilesOf(row) {
  return Math.max(0, ...Object.values(row.counts));
}

function buildGallery() {
  const columns = columnsOf();
  const most = Math.max(1, ...page.rows.map(tilesOf));
  const go = (by) => () => pickTile((gallery.pick + by + most) % most);
  element("gallery-bar").replaceChildren(
    button("◀", go(-1), { "aria-label": "previous person or draw" }),
    make("span", { id: "picked" }),
    button("▶", go(1), { "aria-label": "next person or draw" }),
    button("Download all (zip)", () => downloadZip(page.rows, "faces.zip")),
    make("span", { class: "quiet", text: "Left and right arrows change who is shown, in every run; click a face to enlarge it." })
  );
  const head = make("tr", {}, [make("th", { text: page.rows.length > 1 ? "run, the best first" : "run" }), ...columns.map((text) => make("th", { text }))]);
  const body = page.rows.map((row, place) => make("tr", {}, [rowHead(row, place), ...columns.map((column) => cell(row, place, column))]));
  element("matrix").replaceChildren(make("table", { class: "matrix" }, [make("thead", {}, [head]), make("tbody", {}, body)]));
  pickTile(0);
}

function rowHead(row, place) {
  const found = page.spaces.findIndex((told) => told.row === place);
  const told = row.headlines.map(({ name, value, null: normal }) => `${name} ${value.toFixed(3)}${normal == null ? "" : `, a normal cloud ${normal.toFixed(3)}`}`);
  const buttons = [button("zip", () => downloadZip([row], `${fileName(row)}.zip`), { title: "Download all faces of this run" })];
  if (found >= 0) buttons.unshift(button("explore", () => explore(found)));
  return make("th", { scope: "row" }, [
    make("strong", { text: `${row.rank ? `${row.rank}. ` : ""}${row.label}` }),
    ...told.map((text) => make("div", { class: "quiet", text })),
    ...row.remarks.map((text) => make("div", { class: "warning", text })),
    make("div", { class: "bar" }, buttons),
  ]);
}

function explore(place) {
  state.shown = [place, ...state.shown.filter((other) => other !== place)].slice(0, state.shown.length);
  showTab("space");
  rebuild();
}

function cell(row, place, column) {
  if (!row.strips[column]) return make("td", { class: "quiet", text: "none" });
  const canvas = faceCanvas(row.resolution, "");
  const face = button("", () => openZoom(place, column), { class: "tile" });
  face.append(canvas);
  face.dataset.place = place;
  face.dataset.column = column;
  return make("td", {}, [face]);
}

function pickTile(number) {
  gallery.pick = number;
  element("picked").textContent = `person or draw ${number + 1}`;
  for (const face of element("matrix").querySelectorAll("button.tile")) {
    const row = page.rows[face.dataset.place];
    const canvas = face.firstChild;
    canvas.setAttribute("aria-label", `${face.dataset.column}, ${row.label}, ${number + 1}`);
    canvas.hidden = number >= row.counts[face.dataset.column];
    if (!canvas.hidden) drawTile(canvas, row, face.dataset.column, number);
  }
  if (gallery.zoomed) openZoom(gallery.zoomed.place, gallery.zoomed.column);
}

async function drawTile(canvas, row, column, number) {
  const picture = await loaded(row.strips[column]);
  const side = picture.naturalHeight;
  canvas.width = canvas.height = side;
  canvas.getContext("2d").drawImage(picture, number * side, 0, side, side, 0, 0, side, side);
  return canvas;
}

// --- One face, large -------------------------------------------------------------------------------------------------

function openZoom(place, column) {
  gallery.zoomed = { place, column };
  const row = page.rows[place];
  const canvas = faceCanvas(row.resolution, `${column}, ${row.label}, ${gallery.pick + 1}`);
  const columns = columnsOf().filter((name) => row.strips[name]);
  const most = tilesOf(row);
  const beside = (by) => columns[(columns.indexOf(column) + by + columns.length) % columns.length];
  const dialog = element("zoom");
  dialog.replaceChildren(
    canvas,
    make("p", { text: `${column}  ·  ${row.label}  ·  person or draw ${gallery.pick + 1}` }),
    make("div", { class: "bar" }, [
      button("◀ previous", () => pickTile((gallery.pick - 1 + most) % most)),
      button("next ▶", () => pickTile((gallery.pick + 1) % most)),
      button("other method", () => openZoom(place, beside(1))),
      button("other run", () => openZoom(nextWith(place, column, 1), column)),
      button("download", async () => save(await pngOf(canvas), `${fileName(row)}_${column}_${gallery.pick + 1}.png`)),
      button("close", () => dialog.close()),
    ])
  );
  drawTile(canvas, row, column, gallery.pick);
  if (!dialog.open) dialog.showModal();
}

/** The next row that has this column. */
function nextWith(place, column, by) {
  const rows = page.rows.map((_, i) => i).filter((i) => page.rows[i].strips[column]);
  return rows[(rows.indexOf(place) + by + rows.length) % rows.length];
}

function galleryKey(event) {
  if (element("gallery").hidden || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  const most = Math.max(1, ...page.rows.map(tilesOf));
  if (event.key === "ArrowLeft") pickTile((gallery.pick - 1 + most) % most);
  else if (event.key === "ArrowRight") pickTile((gallery.pick + 1) % most);
  else if (gallery.zoomed && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const { place, column } = gallery.zoomed;
    openZoom(nextWith(place, column, event.key === "ArrowUp" ? -1 : 1), column);
  } else return;
  event.preventDefault();
}

// --- Files -----------------------------------------------------------------------------------------------------------

function fileName(row) {
  return `${row.rank ? `${String(row.rank).padStart(2, "0")}_` : ""}${row.label}`.replace(/[^A-Za-z0-9._=-]+/g, "_");
}

/** Every face of these runs as PNG, a folder a run. */
async function downloadZip(rows, name) {
  const found = {};
  for (const row of rows) {
    for (const [column, count] of Object.entries(row.counts)) {
      for (let number = 0; number < count; number++) {
        const canvas = await drawTile(make("canvas"), row, column, number);
        const bytes = new Uint8Array(await (await pngOf(canvas)).arrayBuffer());
        found[`${fileName(row)}/${column}_${String(number + 1).padStart(2, "0")}.png`] = bytes;
      }
    }
  }
  save(new Blob([fflate.zipSync(found, { level: 0 })], { type: "application/zip" }), name);
}
