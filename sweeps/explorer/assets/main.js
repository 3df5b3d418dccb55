// --- Start -----------------------------------------------------------------------------------------------------------

let runtime = false;

function rebuild() {
  buildChoices();
  rebuildPanels();
  buildStart();
  buildSliders();
  buildStripBar();
  changed();
}

function showTab(name) {
  for (const other of ["space", "gallery"]) {
    element(other).hidden = other !== name;
    element(`tab-${other}`).setAttribute("aria-selected", other === name);
  }
  if (name === "space") changed();
}

function notice(text) {
  element("notice").textContent = text;
  element("notice").hidden = false;
}

async function start() {
  element("subtitle").textContent = page.subtitle;
  element("about").textContent = `${page.about} Made ${page.made}.`;
  element("report-link").hidden = !page.has_report;
  for (const name of ["space", "gallery"]) element(`tab-${name}`).addEventListener("click", () => showTab(name));
  document.addEventListener("keydown", galleryKey);
  element("zoom").addEventListener("close", () => (gallery.zoomed = null));
  buildGallery();
  Object.values(page.photographs).forEach((sprite) => loaded(sprite.picture)); // which takes a while
  if (!page.spaces.length) return showTab("gallery");
  runtime = await startRuntime();
  if (!runtime) notice("This browser cannot run WebAssembly with SIMD: maps and gallery work, new faces do not.");
  listeners.frame.push(redrawMaps, redrawHere, readSliders);
  listeners.rest.push(redrawStrips, redrawPerson, redrawBox);
  addEventListener("resize", redrawMaps);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawMaps);
  rebuild();
  document.body.dataset.ready = "true";
  return undefined;
}

start();
