// --- What the page holds: plain values, and arrays as base64 ---------------------------------------------------------

const page = JSON.parse(element("page").textContent);

function element(id) {
  return document.getElementById(id);
}

/** A new element. attributes: "text" is its content, "on..." a listener, a function; undefined ones are left out. */
function make(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

// Of each of the 65,536 float16 numbers its value (IEEE 754).
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

const TYPES = { f4: Float32Array, i4: Int32Array, u1: Uint8Array, i1: Int8Array };

function arrayOf(bytes, [type, shape, offset]) {
  const size = shape.reduce((product, side) => product * side, 1);
  if (type === "f2") return Float32Array.from(new Uint16Array(bytes.buffer, offset, size), (bits) => HALVES[bits]);
  return new TYPES[type](bytes.buffer, offset, size);
}

/** Name to typed array, float16 as float32; those of a network are left to `networkOf`. */
function arraysOf(place) {
  const bytes = bytesOf(element(`arrays-${place}`).textContent);
  const entries = Object.entries(page.spaces[place].arrays);
  return Object.fromEntries(entries.map(([name, where]) => [name, arrayOf(bytes, where)]));
}
