/* global Reading, Spread -- types of attention_weights.js, which lies before this file */

/** Draws spreads of attention: large over the picture, small for each head. */

const DIMMED = "rgb(0 0 0 / 45%)"; // what the query cannot see
const MOST_PIXELS = 2; // of the canvas for one of CSS: phones have 3, and nobody sees the third
const [LIGHT, DARK] = ["#fff", "#000"]; // every outline is both, to be seen on any picture

class AttentionPainter {
  /** The large map at one pixel a cell, to be enlarged. */
  cells = document.createElement("canvas");
  /** The colour that frames a locked query. */
  ring = LIGHT;
  /** Pixels of the canvas for one of CSS. */
  ratio = 1;

  /** @param {HTMLCanvasElement} canvas lies over the picture */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
  }

  /** @param {Uint8Array} palette 256 colours of three bytes */
  setPalette(palette) {
    this.colours = Uint32Array.from(
      { length: 256 },
      (_, level) =>
        // Pixels are ABGR when read as whole numbers by a little-endian machine.
        ((255 << 24) |
          (palette[3 * level + 2] << 16) |
          (palette[3 * level + 1] << 8) |
          palette[3 * level]) >>>
        0,
    );
  }

  /** Takes the size in CSS pixels. */
  resize(width, height) {
    this.ratio = Math.min(devicePixelRatio, MOST_PIXELS);
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * @param {Spread} spread
   * @param {Reading} reading which the spread is of
   * @param {{strength: number, isSmooth: boolean}} look
   */
  paint(spread, reading, { strength, isSmooth }) {
    const { canvas, context } = this;
    const isPartial = reading.window.includes(0);
    this.clear();
    this.paintPixels(this.cells, spread.cells, wholeGrid(reading));
    context.save();
    if (isPartial) {
      const seen = this.area(reading);
      this.dimBeside(seen);
      context.clip(seen); // a smoothed map would bleed over the edge of the window
    }
    context.globalAlpha = strength;
    context.imageSmoothingEnabled = isSmooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.cells, 0, 0, canvas.width, canvas.height);
    context.restore();
    if (isPartial) this.stroke(this.edges(reading), 1);
  }

  /**
   * Draws one pixel a value.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {Float32Array} values
   * @param {Layout} layout
   */
  paintPixels(canvas, values, { order, rows, columns }) {
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== rows) canvas.height = rows;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const image = context.createImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    let most = 1e-30;
    for (let i = 0; i < values.length; i += 1) most = Math.max(most, values[i]);
    order.forEach((index, pixel) => {
      if (index >= 0) pixels[pixel] = this.colours[Math.round((values[index] / most) * 255)];
    });
    context.putImageData(image, 0, 0);
  }

  /** The corners of a cell in pixels: whole ones, so that neighbours meet. */
  corners(cell, [rows, columns]) {
    const { width, height } = this.canvas;
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    const at = (part, parts, length) => Math.round((part / parts) * length);
    return [
      at(column, columns, width),
      at(row, rows, height),
      at(column + 1, columns, width),
      at(row + 1, rows, height),
    ];
  }

  /** The area of all cells that the query can see. */
  area({ grid, window: seen }) {
    const path = new Path2D();
    seen.forEach((isSeen, cell) => {
      if (!isSeen) return;
      const [left, top, right, bottom] = this.corners(cell, grid);
      path.rect(left, top, right - left, bottom - top);
    });
    return path;
  }

  dimBeside(area) {
    const rest = new Path2D(area);
    rest.rect(0, 0, this.canvas.width, this.canvas.height);
    this.context.fillStyle = DIMMED;
    this.context.fill(rest, "evenodd"); // the cells do not overlap: what lies in two is left out
  }

  /** The lines between cells that are seen and cells that are not, or the edge of the picture. */
  edges({ grid, window: seen }) {
    const [rows, columns] = grid;
    const path = new Path2D();
    const line = (fromX, fromY, toX, toY) => {
      path.moveTo(fromX, fromY);
      path.lineTo(toX, toY);
    };
    seen.forEach((isSeen, cell) => {
      if (!isSeen) return;
      const [row, column] = [Math.floor(cell / columns), cell % columns];
      const [left, top, right, bottom] = this.corners(cell, grid);
      if (row === 0 || !seen[cell - columns]) line(left, top, right, top);
      if (row === rows - 1 || !seen[cell + columns]) line(left, bottom, right, bottom);
      if (column === 0 || !seen[cell - 1]) line(left, top, left, bottom);
      if (column === columns - 1 || !seen[cell + 1]) line(right, top, right, bottom);
    });
    return path;
  }

  /** Frames the cell of the query, in the colour of the theme when it is locked. */
  frame(cell, grid, isLocked) {
    const [left, top, right, bottom] = this.corners(cell, grid);
    const path = new Path2D();
    path.rect(left, top, right - left, bottom - top);
    if (isLocked) this.stroke(path, 3, LIGHT, this.ring);
    else this.stroke(path, 2);
  }

  /** Strokes a path twice, so that it is seen on any picture. */
  stroke(path, width, outer = DARK, inner = LIGHT) {
    const { context } = this;
    context.lineJoin = "round";
    context.lineCap = "square";
    for (const [extra, colour] of [[2, outer], [0, inner]]) { // prettier-ignore
      context.lineWidth = (width + extra) * this.ratio;
      context.strokeStyle = colour;
      context.stroke(path);
    }
  }
}

/**
 * Where values are drawn.
 *
 * @typedef {object} Layout
 * @property {number[]} order for each pixel, row by row, the index of its value; -1 stays empty
 * @property {number} rows
 * @property {number} columns
 */

/** @param {Reading} reading @returns {Layout} */
function wholeGrid({ grid: [rows, columns], window: seen }) {
  return { order: Array.from(seen, (isSeen, cell) => (isSeen ? cell : -1)), rows, columns };
}

/** Only the rows and columns that the query can see. @param {Reading} reading @returns {Layout} */
function windowAlone({ grid: [height, width], window: seen }) {
  const cells = [...seen.keys()].filter((cell) => seen[cell]);
  const rows = unrolled(new Set(cells.map((cell) => Math.floor(cell / width))), height);
  const columns = unrolled(new Set(cells.map((cell) => cell % width)), width);
  const order = rows.flatMap((row) =>
    columns.map((column) => (seen[row * width + column] ? row * width + column : -1)),
  );
  return { order, rows: rows.length, columns: columns.length };
}

/** About a square, for tokens of no place. @returns {Layout} */
function squareOf(count) {
  const side = Math.max(1, Math.ceil(Math.sqrt(count)));
  return { order: [...Array(count).keys()], rows: Math.ceil(count / side) || 1, columns: side };
}

/** Puts numbers in order, beginning behind the widest gap: a shifted window goes over the edge. */
function unrolled(numbers, length) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const gaps = sorted.map((number, place) => (number - sorted.at(place - 1) + length) % length);
  const start = gaps.indexOf(Math.max(...gaps));
  return [...sorted.slice(start), ...sorted.slice(0, start)];
}
