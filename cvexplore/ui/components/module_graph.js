/* global Tree, arrange, parentOf, Painter, element, Sheet -- from the files put before this one */

/**
 * A network drawn as boxes and arrows: blocks open and close, layers are found and told about.
 *
 * The drawing is one SVG in a box that scrolls, so wheel, touch and focus move it as they move any
 * page; dragging scrolls it too. Streamlit calls the default export again for new data or a new
 * theme; what must last in between lives in a Graph, kept by its element, and in `left` by its key.
 */

/**
 * @typedef {object} Drawing what module_graph.py sends
 * @property {string} library the URL of dagre
 * @property {string} key unique on the page
 * @property {string} name of the network; another one starts anew
 * @property {object[]} nodes
 * @property {[number, number][]} edges
 * @property {Object<string, string>} kinds the class of each module by its path
 * @property {Object<string, number>} totals
 * @property {number} height in pixels
 */

class Graph {
  /** @type {Set<string>} paths of the blocks that are open */
  open = new Set();
  selected = null;
  shapes = false;
  found = [];

  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg");
    this.sheet = new Sheet(root.querySelector(".view"), this.svg);
    this.scene = root.querySelector(".scene");
    this.status = root.querySelector(".status");
    this.search = root.querySelector("input");
    const on = (name, does) => (root.querySelector(`.${name}`).onclick = does);
    on("deeper", () => this.openDeeper());
    on("fold", () => this.change(() => this.open.clear(), true));
    on("fit", () => this.sheet.fit());
    on("closer", () => this.sheet.zoom(1.25));
    on("farther", () => this.sheet.zoom(0.8));
    on("shapes", () => this.change(() => (this.shapes = !this.shapes)));
    on("save", () => this.save());
    this.search.oninput = () => this.find();
    this.search.onkeydown = (event) => event.key === "Enter" && this.findNext(event.shiftKey);
    this.svg.onclick = (event) => this.sheet.dragged || this.click(event.target.closest(".part"));
    this.svg.onkeydown = (event) => this.press(event);
  }

  // ------------------------------------------------------------ data

  /** @param {Drawing} data */
  async update(data, tellPython) {
    this.tellPython = tellPython;
    const isNew = data.signature !== this.data?.signature;
    const before = this.data;
    this.data = data;
    this.sheet.frame.style.height = `${data.height}px`;
    if (!isNew && this.dagre) return;
    this.dagre ??= await import(/* @vite-ignore */ new URL(data.library, document.baseURI).href);
    this.tree = new Tree(data);
    if (before?.name !== data.name) this.recall();
    this.open = new Set([...this.open].filter((path) => this.tree.has(path)));
    if (!this.tree.has(this.selected)) this.selected = null;
    this.draw();
    if (before?.name !== data.name) this.sheet.fit();
    this.find();
  }

  /** What was open stays open when the page draws the same network into a new element. */
  recall() {
    const last = left.get(this.data.key);
    const same = last?.name === this.data.name;
    this.open = new Set(same ? last.open : this.tree.openAlong("").slice(1));
    this.shapes = last?.shapes ?? false;
    this.selected = same ? last.selected : null;
  }

  remember() {
    const { open, shapes, selected } = this;
    left.set(this.data.key, { name: this.data.name, open: [...open], shapes, selected });
  }

  // ------------------------------------------------------------ drawing

  draw() {
    const start = performance.now();
    const painter = new Painter(this.tree, this.data, this.shapes);
    const gap = this.shapes ? 46 : 26;
    this.layout = arrange(this.dagre, this.tree, {
      open: this.open,
      gap,
      size: (part) => painter.size(part),
      titleWidth: (part) => painter.titleWidth(part),
    });
    const scene = element("g");
    painter.paint(this.layout, scene, 0, 0);
    this.scene.replaceChildren(scene);
    this.boxes = painter.boxes;
    this.sheet.resize(this.layout);
    const shown = this.boxes.filter(({ part }) => typeof part === "number" && part >= 0).length;
    this.stats = `${shown} of ${this.tree.layers.size - 1} layers in sight`;
    this.status.textContent = this.stats;
    this.root.querySelector(".shapes").setAttribute("aria-pressed", this.shapes);
    const milliseconds = performance.now() - start;
    this.root.dataset.drawn = JSON.stringify({ boxes: this.boxes.length, milliseconds });
    this.mark();
    this.remember();
  }

  /** Draws what a change brings, and keeps the given part where it was on the screen. */
  change(how, fits = false, keep = null) {
    const before = this.boxOf(keep);
    how();
    this.draw();
    const after = this.boxOf(keep);
    if (fits) this.sheet.fit();
    else if (before && after) this.sheet.follow(before, after);
  }

  boxOf(part) {
    return part === null ? undefined : this.boxes.find((box) => box.part === part);
  }

  // ------------------------------------------------------------ choosing

  click(group) {
    if (!group) return;
    const name = group.dataset.part;
    this.choose(group.classList.contains("block") ? name : Number(name), true);
  }

  choose(part, toggles) {
    this.selected = part;
    if (toggles && typeof part === "string") {
      const along = this.tree.openAlong(part);
      const does = this.open.has(part)
        ? () => this.open.delete(part)
        : () => along.forEach((path) => this.open.add(path));
      this.change(does, false, part);
    }
    this.mark();
    this.remember();
    this.tellPython(typeof part === "number" ? `#${part}` : part);
  }

  /** Frames the selected part, which is also the one that the Tab key reaches. */
  mark() {
    const reached = this.boxOf(this.selected) ?? this.boxes[0];
    for (const box of this.boxes) {
      box.group.classList.toggle("selected", box.part === this.selected);
      box.group.setAttribute("tabindex", box === reached ? 0 : -1);
    }
  }

  press(event) {
    const group = event.target.closest(".part");
    const here = this.boxes.find((box) => box.group === group);
    if (!here) return;
    if (event.key === "Enter" || event.key === " ") {
      this.choose(here.part, true);
      this.boxOf(here.part)?.group.focus();
    } else if (event.key === "Escape") {
      const block = this.tree.blockOf(here.part);
      if (block) this.change(() => this.open.delete(block), false, block);
      this.boxOf(block)?.group.focus();
    } else {
      const next = this.neighbour(here, event.key);
      if (!next) return;
      next.group.focus({ preventScroll: true });
      this.sheet.show(next);
    }
    event.preventDefault();
  }

  /** The nearest part in the direction of an arrow key, what lies straight ahead first. */
  neighbour(here, key) {
    if (key === "Home") return this.boxes[0];
    if (key === "End") return this.boxes.at(-1);
    const sign = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] }[key];
    if (!sign) return null;
    const at = ({ x, y, width }) => [x + width / 2, y + 15];
    const [x, y] = at(here);
    let [nearest, least] = [null, Infinity];
    for (const box of this.boxes) {
      const [right, down] = [at(box)[0] - x, at(box)[1] - y];
      const ahead = right * sign[0] + down * sign[1];
      const aside = Math.abs(right * sign[1]) + Math.abs(down * sign[0]);
      const away = ahead + 3 * aside;
      if (ahead > 4 && away < least) [nearest, least] = [box, away];
    }
    return nearest;
  }

  openDeeper() {
    const outermost = [...this.tree.parts.keys()].filter(
      (path) => path && !this.open.has(path) && (!parentOf(path) || this.open.has(parentOf(path))),
    );
    this.change(() => outermost.forEach((path) => this.open.add(path)), true);
  }

  // ------------------------------------------------------------ search

  find() {
    const words = this.search.value.trim().toLowerCase();
    const parts = [...this.tree.parts.keys()].filter(Boolean);
    const told = (part) =>
      typeof part === "string"
        ? `${part} ${this.data.kinds[part] ?? ""}`
        : `${this.tree.layers.get(part).path} ${this.tree.layers.get(part).kind}`;
    const all = [...parts, ...this.tree.layers.keys()];
    this.found = words ? all.filter((part) => told(part).toLowerCase().includes(words)) : [];
    this.at = -1;
    const count = this.found.length;
    this.status.textContent = words ? `${count || "nothing"} found` : this.stats;
    for (const { part, group } of this.boxes) {
      group.classList.toggle("found", this.found.includes(part));
    }
  }

  findNext(backwards) {
    const count = this.found.length;
    if (!count) return;
    this.at = (this.at + (backwards ? -1 : 1) + count) % count;
    const part = this.found[this.at];
    for (let path = this.tree.blockOf(part); path; path = parentOf(path)) this.open.add(path);
    this.draw();
    this.choose(part, false);
    this.sheet.show(this.boxOf(part));
    this.status.textContent = `${this.at + 1} of ${count}`;
  }

  // ------------------------------------------------------------ file

  save() {
    const copy = this.svg.cloneNode(true);
    copy.setAttribute("width", this.layout.width);
    copy.setAttribute("height", this.layout.height);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const theme = getComputedStyle(this.root);
    const rules = [...this.root.getRootNode().querySelectorAll("style")]
      .map((style) => style.textContent)
      .join("\n")
      .replace(/var\((--st-[\w-]+)\)/g, (_, name) => theme.getPropertyValue(name) || "gray");
    const style = element("style");
    style.textContent = rules;
    const paper = element("rect", { width: "100%", height: "100%", class: "paper" });
    copy.prepend(style, paper);
    const text = new XMLSerializer().serializeToString(copy);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    link.download = `${this.data.name.replace(/[^\w.-]+/g, "-")}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 2000);
  }
}

/** What a person left open, by the key of the drawing. */
const left = new Map();

/** @type {WeakMap<Node, Graph>} */
const graphs = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  if (!graphs.has(parentElement)) {
    graphs.set(parentElement, new Graph(parentElement.querySelector(".graph")));
  }
  const graph = graphs.get(parentElement);
  graph.update(data, (part) => setStateValue("selected", part)).catch(() => {
    graph.status.textContent = "The drawing's library could not be loaded; reload the page.";
  });
}
