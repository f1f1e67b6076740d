/* global AttentionWeights, AttentionPainter, HeadGrid, percent, unpack -- of the files that
   box_picker.py puts before this one */

/**
 * Boxes over a picture: pointing at one shows where its query looks, a click chooses it.
 *
 * Streamlit calls the default export again whenever the data or the theme change. What must last
 * in between lives in a BoxPicker, kept by the element it draws in.
 */

const AVERAGE_OF_ALL = "average of all queries";
const [NEAR_TOP, NEAR_RIGHT] = [0.07, 0.7]; // where a label would leave the picture

class BoxPicker {
  /** The query that a person chose, null for the average; undefined until somebody chose. */
  picked = undefined;
  /** The head a person chose; stays theirs when a layer of fewer heads cannot show it. */
  pickedHead = null;
  /** The query of the box under the mouse or with the focus. */
  visited = null;
  /** How often Streamlit has called us, so that only the last call may clean up. */
  calls = 0;

  constructor(root) {
    const find = (name) => root.querySelector(name);
    this.root = root;
    [this.board, this.image, this.caption] = [find(".board"), find("img"), find(".caption")];
    [this.boxes, this.truths] = [find(".boxes"), find(".truths")];
    [this.list, this.least, this.shown] = [find(".queries"), find(".least"), find(".shown")];
    [this.overlay, this.smooth, this.truth] = [find(".overlay"), find(".smooth"), find(".truth")];
    this.painter = new AttentionPainter(find(".board canvas"));
    [this.listening, this.others] = [find(".listening"), find(".others")];
    this.heads = new HeadGrid(find(".heads"), (head) => this.pickHead(head));
    this.list.onchange = () => this.pick(this.list.value === "" ? null : Number(this.list.value));
    this.least.oninput = this.overlay.oninput = () => this.paint();
    this.smooth.onchange = this.truth.onchange = () => this.paint();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.board);
  }

  /** @param {object} data what box_picker.py sends */
  update(data) {
    const text = JSON.stringify(data);
    if (text !== this.text) this.unpack(data);
    this.text = text;
    this.paint();
  }

  unpack(data) {
    if (data.of !== this.data?.of) [this.picked, this.least.value] = [undefined, data.least];
    this.data = data;
    this.visited = null;
    this.weights = new AttentionWeights(data);
    this.image.src = data.picture;
    this.image.alt = data.alt;
    this.painter.setPalette(unpack(data.palette));
    this.heads.arrange(this.weights.heads);
    const options = data.queryTokens.map((name, query) => new Option(name, query));
    this.list.replaceChildren(...options, new Option(AVERAGE_OF_ALL, ""));
    this.buttons = data.frames.map((frame, query) => this.button(frame, query));
    this.boxes.replaceChildren(...this.bySureness());
    this.truths.replaceChildren(...data.truth.map((frame) => this.trueBox(frame)));
    this.truth.parentElement.hidden = data.truth.length === 0;
  }

  /** The order in which Tab visits them. */
  bySureness() {
    const { frames } = this.data;
    const queries = [...frames.keys()].sort((one, other) => frames[other].score - frames[one].score);
    return queries.map((query) => this.buttons[query]);
  }

  // --- what a person does ------------------------------------------------------------------------

  get chosen() {
    return this.picked === undefined ? this.data.start : this.picked;
  }

  /** The query that is shown, null for the average of all. */
  get query() {
    return this.visited ?? this.chosen;
  }

  get head() {
    return this.pickedHead < this.weights.heads ? this.pickedHead : null;
  }

  visit(query) {
    if (query === this.visited) return;
    this.visited = query;
    this.paint();
  }

  pick(query) {
    this.picked = query;
    this.paint();
  }

  pickHead(head) {
    this.pickedHead = head;
    this.paint();
  }

  // --- what is shown -----------------------------------------------------------------------------

  button(frame, query) {
    const button = document.createElement("button");
    const tag = document.createElement("span");
    const [left, top, width, height] = frame.box;
    button.type = "button";
    button.className = "box";
    button.setAttribute("aria-label", frame.label);
    button.style.zIndex = Math.round(1e4 * (1 - Math.min(1, width * height))); // small ones on top
    button.style.setProperty("--of-class", frame.colour);
    place(button, frame.box);
    tag.className = `tag ${top > NEAR_TOP ? "above" : top + height < 1 - NEAR_TOP ? "below" : ""}`;
    tag.classList.toggle("leftward", left > NEAR_RIGHT);
    tag.textContent = frame.label;
    button.append(tag);
    button.onclick = () => this.pick(query);
    button.onpointerenter = (event) => event.pointerType !== "touch" && this.visit(query);
    button.onpointerleave = () => this.visit(null);
    button.onfocus = () => button.matches(":focus-visible") && this.visit(query);
    button.onblur = () => this.visit(null);
    return button;
  }

  trueBox(frame) {
    const box = document.createElement("div");
    box.className = "true-box";
    box.title = frame.label;
    place(box, frame.box);
    return box;
  }

  resize() {
    this.painter.resize(this.board.clientWidth, this.board.clientHeight);
    this.paint();
  }

  paint() {
    if (!this.weights) return;
    const begun = performance.now();
    const { query, head } = this;
    const reading = query === null ? this.weights.average : this.weights.looksAt(query);
    const spread = head === null ? reading.mean : reading.heads[head];
    const look = { strength: this.overlay.value / 100, isSmooth: this.smooth.checked };
    this.painter.paint(spread, reading, look);
    this.heads.paint(reading, this.painter, head);
    this.paintBoxes();
    this.paintListening();
    this.list.value = this.chosen ?? "";
    this.caption.textContent = this.describe(spread, reading);
    this.root.dataset.ms = (performance.now() - begun).toFixed(2);
  }

  paintBoxes() {
    const least = Number(this.least.value);
    const { frames } = this.data;
    this.buttons.forEach((button, query) => {
      const isSure = frames[query].score >= least;
      button.hidden = !isSure && query !== this.chosen;
      button.classList.toggle("unsure", !isSure);
      button.setAttribute("aria-pressed", String(query === this.chosen));
    });
    const sure = frames.filter(({ score }) => score >= least).length;
    this.shown.textContent = `${least} %: ${sure} of ${frames.length} queries`;
    this.truths.hidden = !this.truth.checked;
  }

  /** The strongest of the self-attention, as buttons that lead to these queries. */
  paintListening() {
    const { listening, frames } = this.data;
    const strongest = listening[this.query ?? frames.length]; // the last is the mean of all
    const most = strongest[0][1];
    const items = strongest.map(([query, weight]) => this.listened(query, weight, most));
    this.listening.replaceChildren(...items);
    const rest = 1 - strongest.reduce((sum, [, weight]) => sum + weight, 0);
    const others = frames.length - strongest.length;
    const remaining = others > 0 ? `The other ${others}: ${percent(Math.max(0, rest))}. ` : "";
    this.others.textContent = `${remaining}Alike would be ${percent(1 / frames.length)} each.`;
  }

  listened(query, weight, most) {
    const [item, button, number] = ["li", "button", "b"].map((tag) => document.createElement(tag));
    const own = query === this.query ? " (itself)" : "";
    button.type = "button";
    button.style.setProperty("--share", `${(100 * weight) / most}%`);
    number.textContent = percent(weight);
    button.append(`${this.data.queryTokens[query]}${own}`, number);
    button.onclick = () => this.pick(query);
    item.append(button);
    return item;
  }

  describe({ cells }, { grid: [, columns] }) {
    const { query, head } = this;
    const strongest = cells.indexOf(Math.max(...cells));
    const [row, column] = [Math.floor(strongest / columns), strongest % columns];
    return [
      query === null ? AVERAGE_OF_ALL : this.data.queryTokens[query],
      head === null ? "mean of heads" : `head ${head + 1}`,
      `strongest: row ${row + 1}, column ${column + 1} with ${percent(cells[strongest])}`,
    ].join(" · ");
  }

  destroy() {
    this.observer.disconnect();
  }
}

/** Lays an element over the picture. @param {number[]} box left, top, width, height as shares */
function place(element, [left, top, width, height]) {
  const sides = { left, top, width, height };
  for (const [side, share] of Object.entries(sides)) element.style[side] = `${100 * share}%`;
}

/** @type {WeakMap<Node, BoxPicker>} */
const pickers = new WeakMap();

export default function ({ parentElement, data }) {
  if (!pickers.has(parentElement)) {
    pickers.set(parentElement, new BoxPicker(parentElement.querySelector(".attention")));
  }
  const picker = pickers.get(parentElement);
  picker.calls += 1;
  const call = picker.calls;
  picker.update(data);

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === picker.calls) {
      picker.destroy();
      pickers.delete(parentElement);
    }
  };
}
