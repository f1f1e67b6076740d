/* global AVERAGE, AttentionWeights, AttentionPainter, HeadGrid, ShareBar, TokenPicker, percent,
   unpack -- of the files that attention_view.py puts before this one */

/**
 * Attention over a picture: pointing at a patch shows what it looks at, a click locks it.
 *
 * Streamlit calls the default export again whenever the data or the theme change. What must last
 * in between lives in an AttentionView, kept by the element it draws in.
 */

const MEANINGS = {
  row: "Its row of the attention matrix: from where it takes its values.",
  column: "Its column of the attention matrix: how much each query takes from it.",
  average: "The mean row of all queries: where the layer as a whole looks.",
};
const PAUSE = 250; // milliseconds after the last arrow key before Python is told

class AttentionView {
  /** What a person locked: a point of the picture or a token's name, so that layers can share it. */
  picked = { point: null, token: null };
  /** The head a person chose; stays theirs when a layer of fewer heads cannot show it. */
  pickedHead = null;
  /** The query under the mouse. */
  visited = null;
  direction = "row";
  /** How often Streamlit has called us, so that only the last call may clean up. */
  calls = 0;

  constructor(root) {
    const find = (name) => root.querySelector(name);
    this.root = root;
    [this.board, this.image] = [find(".board"), find("img")];
    this.columns = find(".columns");
    [this.caption, this.meaning] = [find(".caption"), find(".meaning")];
    [this.overlay, this.smooth] = [find(".overlay"), find(".smooth")];
    this.tokens = new TokenPicker(find(".tokens"), (name) => this.pickToken(name));
    this.directions = { row: find("button.row"), column: find("button.column") };
    this.painter = new AttentionPainter(find(".board canvas"));
    this.shares = new ShareBar(root);
    this.heads = new HeadGrid(find(".heads"), (head) => this.pickHead(head));
    this.listen();
  }

  listen() {
    this.board.onpointermove = (event) => {
      if (event.pointerType !== "touch") this.visit(this.queryAt(event));
    };
    this.board.onpointerleave = () => this.visit(null);
    this.board.onclick = (event) => this.toggle(this.queryAt(event));
    this.board.onkeydown = (event) => this.press(event);
    this.overlay.oninput = this.smooth.onchange = () => this.paint();
    for (const [direction, button] of Object.entries(this.directions)) {
      button.onclick = () => this.turn(direction);
    }
    this.image.onload = () => {
      const { naturalWidth: width, naturalHeight: height } = this.image;
      this.columns.classList.toggle("film", width > 2 * height); // frames side by side need room
    };
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.board);
  }

  /** @param {object} data what attention_view.py sends */
  update(data, tellPython) {
    this.tellPython = tellPython;
    this.painter.ring = getComputedStyle(this.root).getPropertyValue("--st-primary-color");
    if (!this.isShown(data)) this.unpack(data);
    this.paint();
  }

  /** Unpacking takes longer than comparing, and every rerun of the page calls us. */
  isShown(data) {
    const shown = this.data ?? {};
    return Object.keys(data).every((name) => String(data[name]) === String(shown[name]));
  }

  unpack(data) {
    this.data = data;
    this.visited = null;
    this.weights = new AttentionWeights(data);
    this.board.classList.toggle("inert", this.weights.queries.at.size === 0);
    this.image.src = data.picture;
    this.image.alt = data.alt;
    this.painter.setPalette(unpack(data.palette));
    this.heads.arrange(this.weights.heads);
    this.directions.column.disabled = !this.weights.hasColumns;
    this.tokens.offer(this.weights.queries.names);
  }

  get locked() {
    return this.weights.find(this.picked);
  }

  get query() {
    return this.locked ?? this.visited;
  }

  get head() {
    return this.pickedHead < this.weights.heads ? this.pickedHead : null;
  }

  // --- what a person does ------------------------------------------------------------------------

  visit(query) {
    if (query === this.visited) return;
    this.visited = query;
    if (this.locked === null) this.paint();
  }

  toggle(query) {
    if (query === null) return;
    this.pick(query === this.locked ? null : query);
  }

  /** Locks a query, or releases the one that is locked. */
  pick(query, pause = 0) {
    const place = query === null ? null : this.weights.queries.places[query];
    this.picked = { point: null, token: null };
    if (place >= 0 && place !== null) this.picked.point = this.centreOf(place);
    else if (query !== null) this.picked.token = this.weights.queries.nameAt(query);
    this.paint();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), pause);
  }

  /** Locks a token of no place; null releases what is locked. */
  pickToken(name) {
    this.pick(name === null ? null : this.weights.find({ token: name }));
  }

  pickHead(head) {
    this.pickedHead = head;
    this.paint();
    this.tell();
  }

  tell() {
    this.tellPython({ ...this.picked, head: this.pickedHead });
  }

  turn(direction) {
    this.direction = direction;
    this.paint();
  }

  press(event) {
    const { grid, at } = this.weights.queries;
    const [rows, columns] = grid;
    const steps = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
    };
    const place = this.query === null ? -1 : this.weights.queries.places[this.query];
    const from = place >= 0 ? place : Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    if (event.key === "Escape") this.pick(null);
    else if (event.key === "Enter" || event.key === " ") this.toggle(at.get(from)?.[0] ?? null);
    else if (event.key in steps) {
      const [down, right] = place >= 0 ? steps[event.key] : [0, 0];
      const [row, column] = [Math.floor(from / columns) + down, (from % columns) + right];
      const isInside = row >= 0 && row < rows && column >= 0 && column < columns;
      const target = isInside ? at.get(row * columns + column)?.[0] : undefined;
      if (target !== undefined) this.pick(target, PAUSE);
    } else return;
    event.preventDefault();
  }

  /** Returns the query of the patch under a pointer. */
  queryAt(event) {
    const box = this.board.getBoundingClientRect();
    const point = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const isInside = point.every((part) => part >= 0 && part < 1);
    return isInside ? this.weights.find({ point }) : null;
  }

  centreOf(place) {
    const [rows, columns] = this.weights.queries.grid;
    return [((place % columns) + 0.5) / columns, (Math.floor(place / columns) + 0.5) / rows];
  }

  // --- what is shown -----------------------------------------------------------------------------

  resize() {
    this.painter.resize(this.board.clientWidth, this.board.clientHeight);
    this.paint();
  }

  /** What is read of the weights for the query that is shown. */
  get reading() {
    if (this.query === null) return this.weights.average;
    return this.isColumn ? this.weights.lookedAtBy(this.query) : this.weights.looksAt(this.query);
  }

  get isColumn() {
    return this.direction === "column" && this.weights.hasColumns;
  }

  paint() {
    if (!this.weights) return;
    const begun = performance.now();
    const { query, reading, head } = this;
    const spread = head === null ? reading.mean : reading.heads[head];
    this.paintLarge(spread, reading, query);
    this.heads.paint(reading, this.painter, head);
    this.shares.show(spread, reading, this.sharesTitle(spread));
    this.caption.textContent = this.describe(spread, reading);
    this.tokens.mark(query === null ? AVERAGE : this.weights.queries.nameAt(query));
    for (const [direction, button] of Object.entries(this.directions)) {
      button.setAttribute("aria-pressed", String((direction === "column") === this.isColumn));
    }
    this.meaning.textContent =
      MEANINGS[query === null ? "average" : this.isColumn ? "column" : "row"];
    this.root.dataset.ms = (performance.now() - begun).toFixed(2);
  }

  paintLarge(spread, reading, query) {
    const place = query === null ? -1 : this.weights.queries.places[query];
    const look = { strength: this.overlay.value / 100, isSmooth: this.smooth.checked };
    if (reading.window.includes(1)) this.painter.paint(spread, reading, look);
    else this.painter.clear();
    const isLocked = this.locked !== null;
    if (place >= 0) this.painter.frame(place, this.weights.queries.grid, isLocked);
  }

  sharesTitle({ shares }) {
    if (this.query === null) return "All queries look, on average, at";
    if (!this.isColumn) return "It looks at";
    const total = shares.reduce((sum, share) => sum + share, 0);
    return `It receives ${Number(total.toPrecision(2))} in all, where each query gives 1, from`;
  }

  describe({ cells }, { window: seen, grid: [, columns] }) {
    const { locked, head } = this;
    const parts = [this.nameOfQuery(), head === null ? "mean of heads" : `head ${head + 1}`];
    if (seen.includes(1)) {
      const strongest = cells.indexOf(Math.max(...cells));
      const [row, column] = [Math.floor(strongest / columns), strongest % columns];
      parts.push(`strongest: row ${row + 1}, column ${column + 1} with ${percent(cells[strongest])}`);
    } else {
      parts.push("what it looks at has no place on the picture");
    }
    if (locked !== null) parts.push("locked");
    return parts.join(" · ");
  }

  nameOfQuery() {
    const { query } = this;
    const { places, grid, at } = this.weights.queries;
    const hint = at.size > 0 ? "point at a patch" : "choose one above";
    if (query === null) return `average of all queries: ${hint}`;
    const [place, columns] = [places[query], grid[1]];
    if (place < 0) return this.weights.queries.nameAt(query);
    return `patch row ${Math.floor(place / columns) + 1}, column ${(place % columns) + 1}`;
  }

  destroy() {
    clearTimeout(this.timer);
    this.observer.disconnect();
  }
}

/** @type {WeakMap<Node, AttentionView>} */
const views = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  if (!views.has(parentElement)) {
    views.set(parentElement, new AttentionView(parentElement.querySelector(".attention")));
  }
  const view = views.get(parentElement);
  view.calls += 1;
  const call = view.calls;
  view.update(data, (chosen) => setStateValue("chosen", chosen));

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === view.calls) {
      view.destroy();
      views.delete(parentElement);
    }
  };
}
