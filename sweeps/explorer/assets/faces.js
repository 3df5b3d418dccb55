// --- Faces on canvases ------------------------------------------------------------------------------------------------

/** A canvas for a picture of the space's resolution. label: what is read out. */
function faceCanvas(side, label) {
  return make("canvas", { class: "face", width: side, height: side, role: "img", "aria-label": label });
}

/** Decodes positions of a space and paints them, one on each canvas; hides them where there is no decoder. */
function paintFaces(space, positions, canvases) {
  if (!space.network) {
    for (const canvas of canvases) canvas.hidden = true;
    return;
  }
  const vectors = new Float32Array(positions.length * space.d);
  positions.forEach((scores, i) => vectors.set(vectorOf(space, scores), i * space.d));
  const pictures = decode(space.network, vectors, positions.length);
  const size = pictures.length / positions.length;
  canvases.forEach((canvas, i) => paint(canvas, pictures.subarray(i * size, (i + 1) * size)));
}

/** Paints colors of 0 to 1, (h, w, 3). */
function paint(canvas, colors) {
  const side = Math.sqrt(colors.length / 3);
  canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  for (let i = 0, j = 0; i < colors.length; i += 3, j += 4) {
    image.data[j] = Math.round(colors[i] * 255);
    image.data[j + 1] = Math.round(colors[i + 1] * 255);
    image.data[j + 2] = Math.round(colors[i + 2] * 255);
    image.data[j + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Paints what a canvas shows on another one as well. */
function copy(canvas, other) {
  other.hidden = canvas.hidden;
  other.width = other.height = canvas.width;
  other.getContext("2d").drawImage(canvas, 0, 0);
}

const sprites = new Map();

/** A canvas with the photograph of an image, null where the page has none. */
function photograph(space, number) {
  const sprite = page.photographs[space.told.set];
  const place = sprite ? placesOf(sprite).get(number) : undefined;
  if (place === undefined) return null;
  const canvas = faceCanvas(sprite.side, `photograph of image ${number}`);
  loaded(sprite.picture).then((picture) => {
    const [x, y] = [(place % sprite.columns) * sprite.side, Math.floor(place / sprite.columns) * sprite.side];
    canvas.getContext("2d").drawImage(picture, x, y, sprite.side, sprite.side, 0, 0, sprite.side, sprite.side);
  });
  return canvas;
}

function placesOf(sprite) {
  if (!sprites.has(sprite)) sprites.set(sprite, new Map(sprite.numbers.map((number, i) => [number, i])));
  return sprites.get(sprite);
}

const pictures = new Map();

/** The picture at an address that holds it, decoded once. */
function loaded(address) {
  if (!pictures.has(address)) {
    const picture = new Image();
    picture.src = address;
    pictures.set(address, picture.decode().then(() => picture));
  }
  return pictures.get(address);
}

/** Saves a Blob under a name. */
function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function pngOf(canvas) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
