/**
 * Pictures as points: the nearest to the mouse is shown, a click or Enter selects it.
 *
 * Streamlit calls the default export again whenever the data or the theme change. What must last
 * in between lives in a PictureMap, kept by the element it draws in.
 */

/**
 * @typedef {object} Data what picture_map.py sends
 * @property {[number, number][]} points from -1 to 1, upwards
 * @property {number[]} classes
 * @property {string[]} names
 * @property {string[]} captions
 * @property {string} sheet URL of the pictures' sheet
 * @property {number} columns of the sheet
 * @property {number} rows of the sheet
 * @property {string} alt
 */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 160;
const HEIGHT = 100;
const MARGIN = 3;
const RADIUS = 1.1;
const REACH = 6; // a mouse farther than this from all points is at none
/** Classes beyond the palette have another mark in the same colours. */
const MARKS = [
  (r) => `M${-r} 0A${r} ${r} 0 1 0 ${r} 0A${r} ${r} 0 1 0 ${-r} 0Z`,
  (r) => `M${-r} ${-r}H${r}V${r}H${-r}Z`,
  (r) => `M0 ${-1.4 * r}L${1.4 * r} 0L0 ${1.4 * r}L${-1.4 * r} 0Z`,
  (r) => `M0 ${-1.3 * r}L${1.3 * r} ${r}H${-1.3 * r}Z`,
];
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function element(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

class PictureMap {
  picked = null;
  visited = null;
  alone = null; // the class that is shown alone
  calls = 0;

  constructor(root) {
    this.root = root;
    this.board = root.querySelector(".board");
    this.svg = root.querySelector("svg");
    this.card = root.querySelector(".card");
    this.classes = root.querySelector(".classes");
    this.told = root.querySelector(".told");
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.board.onpointermove = (event) => this.goTo(this.pointAt(event));
    this.board.onpointerleave = () => this.goTo(null);
    this.board.onblur = () => this.goTo(null);
    this.board.onclick = (event) => this.pick(this.pointAt(event));
    this.board.onkeydown = (event) => this.press(event);
  }

  /**
   * @param {Data} data
   * @param {(picture: number) => void} tellPython
   */
  update(data, tellPython) {
    this.data = data;
    this.tellPython = tellPython;
    const palette = getComputedStyle(this.root)
      .getPropertyValue("--st-chart-categorical-colors")
      .split(",");
    this.look = (each) => ({
      d: MARKS[Math.floor(each / palette.length) % MARKS.length](RADIUS),
      fill: palette[each % palette.length].trim(),
    });
    const reach = (axis) => Math.max(1e-9, ...data.points.map((point) => Math.abs(point[axis])));
    const scale = Math.min((WIDTH / 2 - MARGIN) / reach(0), (HEIGHT / 2 - MARGIN) / reach(1));
    this.places = data.points.map(([x, y]) => [WIDTH / 2 + x * scale, HEIGHT / 2 - y * scale]);
    this.card.querySelector(".thumbnail").style.backgroundImage = `url(${data.sheet})`;
    this.draw();
    this.drawClasses();
    this.goTo(this.has(this.visited) ? this.visited : null);
  }

  draw() {
    this.svg.setAttribute("aria-label", this.data.alt);
    this.marks = this.data.classes.map((each, index) => {
      const [x, y] = this.places[index];
      return element("path", { ...this.look(each), transform: `translate(${x} ${y})` });
    });
    this.choice = element("circle", { r: 2.4, class: "ring selected" });
    this.visit = element("circle", { r: 2, class: "ring" });
    this.svg.replaceChildren(...this.marks, this.choice, this.visit);
    this.dim();
  }

  drawClasses() {
    const present = [...new Set(this.data.classes)].sort((a, b) => a - b);
    this.classes.replaceChildren(
      ...present.map((each) => {
        const button = document.createElement("button");
        const icon = element("svg", { viewBox: "-2 -2 4 4", "aria-hidden": "true" });
        icon.append(element("path", this.look(each)));
        button.append(icon, this.data.names[each] ?? String(each));
        button.type = "button";
        button.onclick = () => {
          this.alone = this.alone === each ? null : each;
          this.dim();
        };
        button.dataset.class = each;
        return button;
      }),
    );
    this.dim();
  }

  dim() {
    this.marks.forEach((mark, index) => {
      const quiet = !this.isShown(index);
      mark.setAttribute("class", quiet ? "mark quiet" : "mark");
    });
    for (const button of this.classes.children) {
      button.setAttribute("aria-pressed", String(this.alone === Number(button.dataset.class)));
    }
  }

  isShown(index) {
    return this.alone === null || this.data.classes[index] === this.alone;
  }

  has(index) {
    return index !== null && index >= 0 && index < this.data.points.length;
  }

  pick(index) {
    if (!this.has(index)) return;
    this.picked = index;
    this.goTo(this.visited);
    this.tellPython(index);
  }

  goTo(index) {
    this.visited = index;
    this.ring(this.choice, this.picked);
    this.ring(this.visit, index);
    this.card.hidden = !this.has(index);
    if (!this.has(index)) return;
    const { columns, rows, captions } = this.data;
    const thumbnail = this.card.querySelector(".thumbnail");
    const share = (place, count) => (count > 1 ? (100 * place) / (count - 1) : 0);
    thumbnail.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    const [column, row] = [index % columns, Math.floor(index / columns)];
    thumbnail.style.backgroundPosition = `${share(column, columns)}% ${share(row, rows)}%`;
    this.card.querySelector("span").textContent = captions[index] ?? "";
    this.told.textContent = captions[index] ?? "";
    this.placeCard(...this.places[index]);
  }

  /** Beside the point, on the side where there is more room. */
  placeCard(x, y) {
    const { left, top, scale } = this.frame();
    const [middle, upper] = [left + x * scale, top + y * scale];
    const { clientWidth, clientHeight } = this.board;
    const { offsetWidth, offsetHeight } = this.card;
    const aside = middle > clientWidth / 2 ? middle - offsetWidth - 14 : middle + 14;
    const height = Math.min(upper - offsetHeight / 2, clientHeight - offsetHeight - 4);
    this.card.style.left = `${Math.max(4, aside)}px`;
    this.card.style.top = `${Math.max(4, height)}px`;
  }

  /** Where the drawing lies on the board, and how many pixels a unit of it has. */
  frame() {
    const { clientWidth: width, clientHeight: height } = this.board;
    const scale = Math.min(width / WIDTH, height / HEIGHT);
    const [left, top] = [(width - WIDTH * scale) / 2, (height - HEIGHT * scale) / 2];
    return { left, top, scale };
  }

  pointAt(event) {
    const box = this.board.getBoundingClientRect();
    const { left, top, scale } = this.frame();
    const x = (event.clientX - box.left - left) / scale;
    const y = (event.clientY - box.top - top) / scale;
    return this.nearest((dx, dy) => Math.hypot(dx, dy), x, y, REACH);
  }

  /** The shown point of the least cost, if that is below a limit; costs are of the way to it. */
  nearest(cost, x, y, limit = Infinity) {
    let [found, least] = [null, limit];
    this.places.forEach(([left, top], index) => {
      const costs = this.isShown(index) ? cost(left - x, top - y) : Infinity;
      if (costs < least) [found, least] = [index, costs];
    });
    return found;
  }

  press(event) {
    const from = this.visited ?? this.picked;
    if (event.key === "Enter" || event.key === " ") {
      this.pick(from);
    } else if (event.key in DIRECTIONS) {
      this.goTo(this.step(from, ...DIRECTIONS[event.key]) ?? from);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** The next point that lies more in this direction than beside it. */
  step(from, right, down) {
    const [x, y] = this.has(from) ? this.places[from] : [WIDTH / 2, HEIGHT / 2];
    return this.nearest((dx, dy) => {
      const along = dx * right + dy * down;
      const beside = Math.abs(dx * down - dy * right);
      return along > 0 && along >= beside ? along + beside : Infinity;
    }, x, y);
  }

  ring(circle, index) {
    const [x, y] = this.has(index) ? this.places[index] : [-9, -9];
    circle.setAttribute("cx", x);
    circle.setAttribute("cy", y);
  }
}

/** @type {WeakMap<Node, PictureMap>} */
const maps = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  if (!maps.has(parentElement)) {
    maps.set(parentElement, new PictureMap(parentElement.querySelector(".picture-map")));
  }
  const map = maps.get(parentElement);
  map.calls += 1;
  const call = map.calls;
  map.update(data, (index) => setStateValue("selected", index));

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === map.calls) maps.delete(parentElement);
  };
}
