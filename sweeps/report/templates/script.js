"use strict";
// Pictures that open large. The dialog closes on Escape and gives the focus back by itself.
const viewer = document.querySelector("dialog"), large = viewer.querySelector("img");
const zooms = [...document.querySelectorAll(".zoom")];
let shown = null;
function show(button) {
  const picture = button.querySelector("img");
  shown = button;
  for (const name of ["src", "alt"]) large.setAttribute(name, picture.getAttribute(name));
  large.classList.toggle("plot", button.classList.contains("plot"));
  viewer.querySelector("span").textContent = picture.alt;
  if (!viewer.open) viewer.showModal();
}
function move(step, alike) {
  const among = alike ? zooms.filter((other) => other.dataset.kind === shown.dataset.kind) : zooms;
  show(among[(among.indexOf(shown) + step + among.length) % among.length]);
}
for (const button of zooms) button.addEventListener("click", () => show(button));
for (const button of viewer.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => move(Number(button.dataset.step), false));
}
large.addEventListener("click", () => viewer.close());
viewer.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-1, false], ArrowRight: [1, false], ArrowUp: [-1, true], ArrowDown: [1, true] };
  if (!(event.key in steps)) return;
  event.preventDefault();
  move(...steps[event.key]);
});

// What is near the pointer in a figure says its name, at once; without this script the browser shows its <title>.
const tip = document.getElementById("tip"), parts = [...document.querySelectorAll(".named")];
for (const part of parts) {
  const title = part.querySelector("title");
  part.dataset.words = title.textContent;
  title.remove();
}
function near(x, y) {
  for (const distance of [0, 4, 8]) {
    for (let turn = 0; turn < 8; turn++) {
      const at = [x + distance * Math.cos((turn * Math.PI) / 4), y + distance * Math.sin((turn * Math.PI) / 4)];
      const found = document.elementFromPoint(...at)?.closest(".named");
      if (found) return found;
    }
  }
  return null;
}
function point(event) {
  const part = event.target.closest?.("figure svg") ? near(event.clientX, event.clientY) : null;
  const cell = part?.dataset.words.split(" \u00b7 ")[0];
  for (const other of parts) other.classList.toggle("near", other.dataset.words.split(" \u00b7 ")[0] === cell);
  tip.hidden = !part;
  if (!part) return;
  tip.textContent = part.dataset.words;
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(8, event.clientY - tip.offsetHeight - 14)}px`;
}
for (const kind of ["pointermove", "pointerdown"]) document.addEventListener(kind, point);

// Tables and figures that are wider than the page say so, and scroll by the keyboard.
function hint() {
  for (const wide of document.querySelectorAll(".wide")) {
    const scrolls = wide.scrollWidth > wide.clientWidth + 1;
    wide.classList.toggle("scrolls", scrolls);
    wide.tabIndex = scrolls ? 0 : -1;
  }
}
hint();
addEventListener("resize", hint);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
