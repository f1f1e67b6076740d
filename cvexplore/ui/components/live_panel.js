/**
 * One plot of live_curves.js, which live_curves.py puts behind this file: the two are one module.
 */

/**
 * @typedef {object} Curve what live_curves.py sends of a curve
 * @property {string} label
 * @property {number} colour index into the theme's categorical colours
 * @property {boolean} dashed
 * @property {number[]} x ascending steps
 * @property {(number | null)[]} y null is a gap
 *
 * @typedef {object} PanelData
 * @property {string} title
 * @property {string} unit
 * @property {number} height in pixels
 * @property {boolean} log
 * @property {Curve[]} curves
 */

const WAITING = "Waiting for the first step";
const NOT_DRAWABLE = "No value yet that can be drawn";
const NO_LIBRARY = "The chart could not be loaded. Is the app still running?";

const Y_AXIS_WIDTH = 56;
const X_AXIS_HEIGHT = 34;
const FONT_SIZE = 12;
/** A shorter drag is a click with an unsteady hand. */
const SHORTEST_DRAG = 5;
/** Points are marked while they are at least this far apart. */
const POINT_DISTANCE = 14;

const wholeNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tickNumber = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

/** A value of the legend: always four digits, so that it hardly changes its width. */
function formatValue(value) {
  if (value == null) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2);
  return size < 1e3 ? value.toPrecision(4) : wholeNumber.format(value);
}

/** A number beside an axis: as short as it can be. */
function formatTick(value) {
  if (value == null) return "";
  const size = Math.abs(value);
  const isPlain = size === 0 || (size >= 1e-3 && size < 1e6);
  return isPlain ? tickNumber.format(value) : Number(value.toPrecision(6)).toExponential();
}

function lastIndex(values) {
  return values.findLastIndex((value) => value != null);
}

function element(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** One plot with its title and legend. */
class Panel {
  /** @type {object | null} the uPlot object; made when the library and the width are there */
  plot = null;

  /**
   * @param {LiveCurves} owner
   * @param {PanelData} data
   */
  constructor(owner, data) {
    this.owner = owner;
    this.data = data;
    this.step = element("span", "step");
    this.reset = element("button", "reset");
    this.reset.type = "button";
    this.reset.title = "Show all steps again";
    this.reset.onclick = () => owner.zoomTo(null);
    this.message = element("p", "message");
    this.frame = element("div", "plot");
    this.frame.style.height = `${data.height}px`;
    this.frame.setAttribute("role", "img");
    this.frame.append(this.message);
    this.names = data.curves.map((curve, index) => this.makeName(curve, index));

    const title = element("span", "title", data.title);
    if (data.unit) title.append(element("span", "unit", ` (${data.unit})`));
    const names = element("span", "curve-names");
    names.append(...this.names.map((name) => name.button));
    const head = element("div", "head");
    head.append(title, this.step, names, this.reset);
    this.root = element("section", "panel");
    this.root.append(head, this.frame);
  }

  /** One entry of the legend: a button that hides its curve. */
  makeName(curve, index) {
    const button = element("button", "name");
    const swatch = element("span", curve.dashed ? "swatch dashed" : "swatch");
    const value = element("span", "value");
    button.type = "button";
    button.append(swatch, curve.label, value);
    button.onclick = () => {
      this.owner.toggle(this.idOf(curve));
      this.plot?.setSeries(index + 1, { show: this.isShown(curve) });
      this.tell();
    };
    return { button, swatch, value };
  }

  idOf(curve) {
    return `${this.data.title}/${curve.label}`;
  }

  isShown(curve) {
    return !this.owner.hidden.has(this.idOf(curve));
  }

  get hasPoints() {
    return this.data.curves.some((curve) => lastIndex(curve.y) >= 0);
  }

  /** Why a panel has no points; NaN, and zero on a logarithmic axis, are steps without any. */
  get excuse() {
    return this.lastStep() === null ? WAITING : NOT_DRAWABLE;
  }

  /** Draws the data there are now, in the zoom and the theme there are now. */
  show() {
    const { library } = this.owner;
    const width = this.frame.clientWidth;
    if (library && width && !this.plot) {
      this.plot = new library(this.options(width), this.columns(library), this.frame);
    } else if (this.plot) {
      this.plot.setData(this.columns(library));
    }
    this.tell();
  }

  /** uPlot wants one column of steps for all curves of a plot. */
  columns(uPlot) {
    const { curves } = this.data;
    return curves.length ? uPlot.join(curves.map(({ x, y }) => [x, y])) : [[]];
  }

  resize() {
    const width = this.frame.clientWidth;
    if (!this.plot) {
      this.show();
    } else if (width) {
      this.plot.setSize({ width, height: this.data.height });
    }
  }

  zoom() {
    const [min, max] = this.owner.range;
    this.plot?.setScale("x", { min, max });
    this.tell();
  }

  /** Writes what the legend says: the values under the cursor, or else the last ones. */
  tell() {
    const { view, failed } = this.owner;
    this.reset.hidden = !view;
    if (view) {
      const [from, to] = view.map((step) => wholeNumber.format(step));
      this.reset.textContent = `Steps ${from}–${to} ×`;
    }
    const isBare = failed || !this.hasPoints;
    this.message.hidden = !isBare;
    this.message.textContent = failed ? NO_LIBRARY : this.excuse;
    if (this.plot) this.plot.root.hidden = isBare;

    const hovered = this.plot?.cursor.idx ?? null;
    const step = hovered === null ? this.lastStep() : this.plot.data[0][hovered];
    this.step.textContent = step == null ? "" : `step ${wholeNumber.format(step)}`;
    this.data.curves.forEach((curve, index) => {
      const { button, swatch, value } = this.names[index];
      const shown =
        hovered === null
          ? curve.y[lastIndex(curve.y)]
          : this.plot.data[index + 1][this.plot.cursor.idxs[index + 1]];
      button.setAttribute("aria-pressed", String(this.isShown(curve)));
      swatch.style.color = this.owner.colourOf(curve);
      value.textContent = formatValue(shown);
    });
    this.frame.setAttribute("aria-label", this.summary());
  }

  lastStep() {
    const ends = this.data.curves.filter(({ x }) => x.length).map(({ x }) => x.at(-1));
    return ends.length ? Math.max(...ends) : null;
  }

  /** The last values in words, for people who do not see the curves. */
  summary() {
    if (!this.hasPoints) return `${this.data.title}: ${this.excuse.toLowerCase()}`;
    const values = this.data.curves.map(
      (curve) => `${curve.label} ${formatValue(curve.y[lastIndex(curve.y)])}`,
    );
    const step = wholeNumber.format(this.lastStep());
    return `${this.data.title} at step ${step}: ${values.join(", ")}`;
  }

  /** Colours are functions, so that the next drawing takes those of a new theme. */
  options(width) {
    const { owner } = this;
    const axis = {
      stroke: () => owner.theme.quiet,
      grid: { stroke: () => owner.theme.line, width: 1 },
      ticks: { stroke: () => owner.theme.line, width: 1, size: 5 },
      font: `${FONT_SIZE}px ${owner.theme.font}`,
      values: (plot, splits) => splits.map(formatTick),
    };
    return {
      width,
      height: this.data.height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      scales: {
        // Asked at every drawing: the one place that decides which steps are seen.
        x: { time: false, range: () => owner.range },
        y: this.data.log ? { distr: 3, range: logRange } : {},
      },
      axes: [
        { ...axis, size: X_AXIS_HEIGHT, space: 60 },
        { ...axis, size: Y_AXIS_WIDTH, ...(this.data.log && logAxis(axis)) },
      ],
      series: [{}, ...this.data.curves.map((curve) => this.seriesOf(curve))],
      cursor: {
        y: false,
        points: { size: 10, width: 2, stroke: () => owner.theme.background },
        drag: { x: true, y: false, setScale: false, dist: SHORTEST_DRAG },
        bind: { dblclick: () => () => owner.zoomTo(null) },
        sync: {
          key: owner.data.key,
          scales: ["x", null],
          filters: { pub: isHover, sub: isHover },
        },
      },
      hooks: {
        setCursor: [() => this.tell()],
        setSelect: [(plot) => this.takeSelection(plot)],
      },
    };
  }

  seriesOf(curve) {
    const colour = () => this.owner.colourOf(curve);
    return {
      label: curve.label,
      show: this.isShown(curve),
      stroke: colour,
      width: 1.75,
      dash: curve.dashed ? [6, 4] : undefined,
      points: { show: isSparse, size: 5, stroke: colour, fill: colour },
    };
  }

  takeSelection(plot) {
    const { left, width } = plot.select;
    plot.setSelect({ left: 0, width: 0 }, false);
    if (width >= SHORTEST_DRAG) {
      this.owner.zoomTo([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
    }
  }

  destroy() {
    this.plot?.destroy();
  }
}

/** Ends a logarithmic axis at the next round number; uPlot goes on to the next power of ten. */
function logRange(plot, low, high) {
  if (low == null) return [null, null];
  const magnitude = (value) => 10 ** Math.floor(Math.log10(value) + 1e-9);
  const first = Math.floor(low / magnitude(low) + 1e-9) * magnitude(low);
  const last = Math.ceil(high / magnitude(high) - 1e-9) * magnitude(high);
  return first < last ? [first, last] : [first / 10, last * 10];
}

/** A logarithmic axis has lines where it has numbers; uPlot would draw all nine of a decade. */
function logAxis({ grid, ticks }) {
  const filter = roundNumbers;
  return { filter, grid: { ...grid, filter }, ticks: { ...ticks, filter } };
}

/** Replaces by null those splits of a logarithmic axis for whose numbers there is no room. */
function roundNumbers(plot, splits) {
  const decade = Math.abs(plot.valToPos(10, "y") - plot.valToPos(1, "y"));
  const digits = decade >= 200 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decade >= 80 ? [1, 2, 5] : [1];
  const stride = Math.ceil(24 / decade);
  return splits.map((split) => {
    const exponent = Math.floor(Math.log10(split) + 1e-9);
    const digit = Math.round(split / 10 ** exponent);
    return digits.includes(digit) && exponent % stride === 0 ? split : null;
  });
}

/** Panels share the cursor, but a zoom is shared by their owner. */
function isHover(type) {
  return type === "mousemove";
}

/** Whether the points of a series that are in sight lie far enough apart to be marked. */
function isSparse(plot, series, first, last) {
  const most = plot.over.clientWidth / POINT_DISTANCE;
  let count = 0;
  for (let index = first; index <= last && count <= most; index += 1) {
    if (plot.data[series][index] != null) count += 1;
  }
  return count <= most;
}
