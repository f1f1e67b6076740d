/* global X_WORDS, formatTick, formatValue, isSparse, logAxis, logRange -- from live_axes.js
   global drawMarkers, layersOf -- from live_marks.js; live_curves.py joins these files */

/** One plot of live_curves.js. */

/**
 * @typedef {object} Curve what live_curves.py sends of a curve
 * @property {string} label
 * @property {number} colour index into the theme's categorical colours
 * @property {boolean} dashed
 * @property {boolean} faint a shadow behind the curve of the same label: not in the legend
 * @property {number[]} x ascending
 * @property {(number | null)[]} y null is a gap
 *
 * @typedef {object} Band a filled stretch between two values, which comes and goes with its curve
 * @property {string} label of that curve
 * @property {number} colour
 * @property {number[]} x ascending
 * @property {(number | null)[]} low
 * @property {(number | null)[]} high
 *
 * @typedef {object} PanelData
 * @property {string} title
 * @property {string} unit
 * @property {number} height in pixels
 * @property {boolean} log
 * @property {Curve[]} curves
 * @property {Band[]} bands
 */

const WAITING = "Waiting for the first step";
const NOT_DRAWABLE = "No value yet that can be drawn";
const NO_LIBRARY = "The chart could not be loaded. Is the app still running?";

const Y_AXIS_WIDTH = 56;
const X_AXIS_HEIGHT = 34;
const FONT_SIZE = 12;
/** How much of its colour a shadow keeps. */
const FAINT = 0.3;
/** A shorter drag is a click with an unsteady hand. */
const SHORTEST_DRAG = 5;
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
    this.take(data);
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
    this.names = this.curves.map((curve) => this.makeName(curve));

    const title = element("span", "title", data.title);
    if (data.unit) title.append(element("span", "unit", ` (${data.unit})`));
    const names = element("span", "curve-names");
    names.append(...this.names.map((name) => name.button));
    const head = element("div", "head");
    head.append(title, this.step, names, this.reset);
    this.root = element("section", "panel");
    this.root.append(head, this.frame);
  }

  /** @param {PanelData} data as many curves as before, perhaps with more points */
  take(data) {
    this.data = data;
    this.layers = layersOf(data);
    this.curves = data.curves.filter((curve) => !curve.faint);
  }

  /** One entry of the legend: a button that hides its curve, with its shadow and band. */
  makeName(curve) {
    const button = element("button", "name");
    const swatch = element("span", curve.dashed ? "swatch dashed" : "swatch");
    const value = element("span", "value");
    button.type = "button";
    button.append(swatch, curve.label, value);
    button.onclick = () => {
      this.owner.toggle(this.idOf(curve));
      this.layers.forEach((layer, index) => {
        if (layer.label === curve.label) {
          this.plot?.setSeries(index + 1, { show: this.isShown(curve) });
        }
      });
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
    return this.curves.some((curve) => lastIndex(curve.y) >= 0);
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

  /** uPlot wants one column of steps for all that a plot shows. */
  columns(uPlot) {
    return this.layers.length ? uPlot.join(this.layers.map(({ x, y }) => [x, y])) : [[]];
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
    const { view, failed, words } = this.owner;
    this.reset.hidden = !view;
    if (view) {
      const [from, to] = view.map((x) => words.number.format(x));
      this.reset.textContent = `${words.stretch} ${from}–${to} ×`;
    }
    const isBare = failed || !this.hasPoints;
    this.message.hidden = !isBare;
    this.message.textContent = failed ? NO_LIBRARY : this.excuse;
    if (this.plot) this.plot.root.hidden = isBare;

    const hovered = this.plot?.cursor.idx ?? null;
    const step = hovered === null ? this.lastStep() : this.plot.data[0][hovered];
    this.step.textContent = step == null ? "" : words.at(step);
    this.curves.forEach((curve, place) => {
      const { button, swatch, value } = this.names[place];
      const index = this.layers.indexOf(curve);
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
    const ends = this.curves.filter(({ x }) => x.length).map(({ x }) => x.at(-1));
    return ends.length ? Math.max(...ends) : null;
  }

  /** The last values in words, for people who do not see the curves. */
  summary() {
    if (!this.hasPoints) return `${this.data.title}: ${this.excuse.toLowerCase()}`;
    const values = this.curves.map(
      (curve) => `${curve.label} ${formatValue(curve.y[lastIndex(curve.y)])}`,
    );
    const place = this.owner.words.at(this.lastStep());
    return `${this.data.title} at ${place}: ${values.join(", ")}`;
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
      series: [{}, ...this.layers.map((layer) => this.seriesOf(layer))],
      bands: this.bands(),
      cursor: {
        y: false,
        points: {
          size: 10,
          width: 2,
          stroke: (plot, index) => this.pointColour(index, () => owner.theme.background),
          fill: (plot, index) => this.pointColour(index, (layer) => owner.colourOf(layer)),
        },
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
        drawAxes: [(plot) => drawMarkers(plot, owner, this === owner.panels[0])],
      },
    };
  }

  seriesOf(layer) {
    const colour = () => this.owner.colourOf(layer);
    const series = { label: layer.label, show: this.isShown(layer), points: { show: false } };
    if (layer.kind === "edge") return { ...series, stroke: "transparent" };
    if (layer.faint) return { ...series, stroke: colour, width: 1, alpha: FAINT };
    return {
      ...series,
      stroke: colour,
      width: 1.75,
      dash: layer.dashed ? [6, 4] : undefined,
      points: { show: isSparse, size: 5, stroke: colour, fill: colour },
    };
  }

  /** Which layers are the edges of a band: they come in pairs, the lower one first. */
  bands() {
    return this.data.bands.map((band, place) => ({
      series: [2 * place + 2, 2 * place + 1],
      fill: () => this.owner.tint(band),
    }));
  }

  /** Only a curve has a point under the cursor; shadows and edges of bands have none. */
  pointColour(index, colour) {
    const layer = this.layers[index - 1];
    return layer && layer.kind === "curve" && !layer.faint ? colour(layer) : "transparent";
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

/** Panels share the cursor, but a zoom is shared by their owner. */
function isHover(type) {
  return type === "mousemove";
}
