/**
 * A table that fills column by column: buttons, arrow keys and a timer walk through its steps.
 *
 * Streamlit calls the default export again whenever the data or the theme change. What must last
 * in between, the step a person stands at, lives in a Table, kept by the element it draws in.
 */

/**
 * @typedef {{text: string, bar: number | null, strip: number[]}} Cell
 * @typedef {{name: string, picture: string}} Row
 * @typedef {{stage: number, title: string, cells: Cell[], total: Cell}} Column
 * @typedef {object} Data what softmax_steps.py sends
 * @property {{text: string, stage: number}[]} formula
 * @property {[string, string][]} stages
 * @property {Row} query
 * @property {number[]} queryStrip
 * @property {Row[]} rows
 * @property {Column[]} columns
 */

const PAUSE = 2600; // milliseconds a step stays while it plays

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Draws a vector as colours: negative blue, positive orange, zero clear. */
function strip(values) {
  const canvas = element("canvas", "strip");
  canvas.width = values.length;
  canvas.height = 1;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `A vector of ${values.length} numbers`);
  const context = canvas.getContext("2d");
  values.forEach((value, index) => {
    const [hue, share] = value < 0 ? ["59 130 246", -value] : ["249 115 22", value];
    context.fillStyle = `rgb(${hue} / ${Math.min(1, share)})`;
    context.fillRect(index, 0, 1, 1);
  });
  return canvas;
}

/** @param {Row} row */
function named(row) {
  const made = element("span", "named");
  if (row.picture) {
    const image = element("img");
    image.src = row.picture;
    image.alt = "";
    made.append(image);
  }
  made.append(element("span", "", row.name));
  return made;
}

class Table {
  /** The step a person stands at, from 1. */
  stage = 1;
  timer = null;
  /** How often Streamlit has called us, so that only the last call may clean up. */
  calls = 0;

  constructor(root) {
    this.root = root;
    this.formula = root.querySelector(".formula");
    this.stages = root.querySelector(".stages");
    this.says = root.querySelector(".says");
    this.query = root.querySelector(".query");
    this.scroller = root.querySelector(".table");
    this.head = root.querySelector("thead");
    this.body = root.querySelector("tbody");
    this.foot = root.querySelector("tfoot");
    this.play = root.querySelector(".play");
    this.back = root.querySelector(".back");
    this.next = root.querySelector(".next");

    this.play.onclick = () => this.toggle();
    this.back.onclick = () => this.walk(-1);
    this.next.onclick = () => this.walk(1);
    root.onkeydown = (event) => this.press(event);
  }

  /** @param {Data} data */
  update(data) {
    this.data = data;
    this.stage = Math.min(this.stage, data.stages.length);
    this.drawFormula();
    this.drawStages();
    this.drawQuery();
    this.drawTable();
    this.goTo(this.stage);
  }

  drawFormula() {
    this.formula.replaceChildren(
      ...this.data.formula.map((part) => {
        const made = element("span", part.stage ? "part" : "", part.text);
        made.dataset.stage = part.stage;
        return made;
      }),
    );
  }

  drawStages() {
    this.stages.replaceChildren(
      ...this.data.stages.map(([title], index) => {
        const button = element("button", "", `${index + 1} ${title}`);
        button.type = "button";
        button.onclick = () => this.pauseAt(index + 1);
        return button;
      }),
    );
  }

  drawQuery() {
    const { query, queryStrip } = this.data;
    this.query.replaceChildren(element("span", "quiet", "The query"), named(query));
    if (queryStrip.length) this.query.append(element("span", "quiet", "q"), strip(queryStrip));
  }

  drawTable() {
    const { rows, columns } = this.data;
    const titles = element("tr");
    titles.append(element("th", "", "Key"));
    titles.append(...columns.map((column) => this.cell("th", column, { text: column.title })));
    this.head.replaceChildren(titles);
    this.body.replaceChildren(
      ...rows.map((row, index) => {
        const line = element("tr");
        line.style.setProperty("--row", index);
        const name = element("th");
        name.scope = "row";
        name.append(named(row));
        line.append(name);
        line.append(...columns.map((column) => this.cell("td", column, column.cells[index])));
        return line;
      }),
    );
    const sums = element("tr");
    sums.style.setProperty("--row", rows.length);
    sums.append(element("th", "", "Sum"));
    sums.append(...columns.map((column) => this.cell("td", column, column.total)));
    this.foot.replaceChildren(sums);
  }

  /** @param {Column} column @param {Cell} content */
  cell(tag, column, content) {
    const made = element(tag);
    made.dataset.stage = column.stage;
    const inside = element("span", "inside");
    if (content.strip?.length) inside.append(strip(content.strip));
    inside.append(element("span", "number", content.text));
    made.append(inside);
    if (content.bar != null) {
      const bar = element("span", "bar-of");
      bar.style.setProperty("--share", content.bar);
      made.append(bar);
    }
    return made;
  }

  goTo(stage) {
    this.stage = Math.max(1, Math.min(stage, this.data.stages.length));
    for (const each of this.root.querySelectorAll("[data-stage]")) {
      const own = Number(each.dataset.stage);
      each.classList.toggle("now", own === this.stage);
      each.classList.toggle("later", own > this.stage);
    }
    [...this.stages.children].forEach((button, index) => {
      button.setAttribute("aria-current", index + 1 === this.stage ? "step" : "false");
    });
    this.says.textContent = this.data.stages[this.stage - 1][1];
    this.back.disabled = this.stage === 1;
    this.next.disabled = this.stage === this.data.stages.length;
    this.play.textContent = this.timer ? "Pause" : "Play";
    this.showColumn();
  }

  /** Scrolls sideways, on narrow screens, to what is computed now. */
  showColumn() {
    const now = [...this.head.querySelectorAll(".now")].at(-1);
    if (!now) return;
    const right = now.offsetLeft + now.offsetWidth - this.scroller.clientWidth;
    this.scroller.scrollTo({ left: Math.max(0, right) });
  }

  walk(steps) {
    this.pauseAt(this.stage + steps);
  }

  pauseAt(stage) {
    this.stop();
    this.goTo(stage);
  }

  toggle() {
    if (this.timer) {
      this.pauseAt(this.stage);
      return;
    }
    const last = this.data.stages.length;
    this.timer = setInterval(() => {
      if (this.stage === last - 1) this.stop();
      this.goTo(this.stage + 1);
    }, PAUSE);
    this.goTo(this.stage === last ? 1 : this.stage);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }

  press(event) {
    if (event.key === "ArrowLeft") this.walk(-1);
    else if (event.key === "ArrowRight") this.walk(1);
    else if (event.key === " " && event.target === this.root) this.toggle();
    else return;
    event.preventDefault();
  }
}

/** @type {WeakMap<Node, Table>} */
const tables = new WeakMap();

export default function ({ parentElement, data }) {
  if (!tables.has(parentElement)) {
    tables.set(parentElement, new Table(parentElement.querySelector(".steps")));
  }
  const table = tables.get(parentElement);
  table.calls += 1;
  const call = table.calls;
  table.update(data);

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === table.calls) {
      table.stop();
      tables.delete(parentElement);
    }
  };
}
