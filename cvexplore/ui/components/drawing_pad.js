/**
 * A canvas to draw on: a drawing is its strokes, drawn anew whenever one comes or goes.
 *
 * Python gets the picture as a PNG when the pen is lifted.
 */

/**
 * @typedef {object} Stroke
 * @property {[number, number][]} points in pixels of the canvas
 * @property {number} width
 * @property {string} colour
 */

const PAPER = "#000";
const INK = "#fff";

class DrawingPad {
  /** @type {Stroke[]} */
  strokes = [];
  /** Whether the last stroke is still being drawn. */
  isDown = false;

  constructor(root) {
    this.canvas = root.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.width = root.querySelector("input");
    this.pen = root.querySelector(".pen");
    this.eraser = root.querySelector(".eraser");
    this.undo = root.querySelector(".undo");
    this.clear = root.querySelector(".clear");

    this.canvas.onpointerdown = (event) => this.start(event);
    this.canvas.onpointermove = (event) => this.goOn(event);
    this.canvas.onpointerup = () => this.lift();
    this.canvas.onpointercancel = () => this.lift();
    this.canvas.onkeydown = (event) => this.press(event);
    this.pen.onclick = () => this.take(false);
    this.eraser.onclick = () => this.take(true);
    this.undo.onclick = () => this.keep(this.strokes.slice(0, -1));
    this.clear.onclick = () => this.keep([]);
    this.paint();
  }

  take(isEraser) {
    this.pen.setAttribute("aria-pressed", String(!isEraser));
    this.eraser.setAttribute("aria-pressed", String(isEraser));
  }

  start(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const isEraser = this.eraser.getAttribute("aria-pressed") === "true";
    const colour = isEraser ? PAPER : INK;
    this.strokes.push({ points: [this.placeOf(event)], width: Number(this.width.value), colour });
    this.isDown = true;
    this.paint();
  }

  goOn(event) {
    if (!this.isDown) return;
    // A browser joins quick moves into one event; the ones in between make the stroke round.
    const moves = event.getCoalescedEvents?.() ?? [];
    const places = (moves.length ? moves : [event]).map((each) => this.placeOf(each));
    this.strokes.at(-1).points.push(...places);
    this.paint();
  }

  lift() {
    if (!this.isDown) return;
    this.isDown = false;
    this.tell();
  }

  press(event) {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo.click();
    else if (event.key === "Delete" || event.key === "Backspace") this.clear.click();
    else return;
    event.preventDefault();
  }

  keep(strokes) {
    if (strokes.length === this.strokes.length) return;
    this.strokes = strokes;
    this.paint();
    this.tell();
  }

  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const { width, height } = this.canvas;
    return [
      ((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height,
    ];
  }

  paint() {
    const { canvas, context } = this;
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.lineCap = context.lineJoin = "round";
    for (const { points, width, colour } of this.strokes) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...points[0]);
      for (const point of points) context.lineTo(...point); // the first again: a dot is a line too
      context.stroke();
    }
    const count = this.strokes.length;
    const drawn = count === 1 ? "1 stroke" : `${count} strokes`;
    this.canvas.setAttribute(
      "aria-label",
      `Drawing pad: ${count ? drawn : "empty"}. Draw with a mouse, pen or finger. ` +
        "Ctrl+Z undoes, Delete clears.",
    );
    this.undo.disabled = this.clear.disabled = !count;
  }

  tell() {
    const picture = this.canvas.toDataURL("image/png");
    this.tellPython(this.strokes.length ? picture.slice(picture.indexOf(",") + 1) : null);
  }
}

/** @type {WeakMap<Node, {pad: DrawingPad, calls: number}>} */
const pads = new WeakMap();

export default function ({ parentElement, setStateValue }) {
  if (!pads.has(parentElement)) {
    pads.set(parentElement, { pad: new DrawingPad(parentElement.querySelector(".pad")), calls: 0 });
  }
  const place = pads.get(parentElement);
  const call = ++place.calls;
  place.pad.tellPython = (drawing) => setStateValue("drawing", drawing);

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === place.calls) pads.delete(parentElement);
  };
}
