/* global Panel, X_WORDS -- from live_panel.js and live_axes.js, which are put before this file */

/**
 * Curves that grow while they are looked at.
 *
 * Streamlit calls the default export again for every refresh and for a new theme. What must last in
 * between (zoom, hidden curves, cursor, the uPlot objects) lives in a LiveCurves, kept by the
 * element it draws in; zoom and hidden curves outlast even that.
 */

/**
 * @typedef {object} Chart what live_curves.py sends
 * @property {string} library the URL of uPlot
 * @property {string} run which run the points are of
 * @property {string} key unique on the page
 * @property {"step" | "epoch" | "second"} axis what the x axis counts
 * @property {Marker[]} markers
 * @property {PanelData[]} panels
 */

/** All panels of one call: they share steps, zoom and cursor. */
class LiveCurves {
  /** @type {Panel[]} */
  panels = [];
  /** @type {[number, number] | null} the steps a person zoomed to */
  view = null;
  /** Ids of the curves that a person hid. */
  hidden = new Set();
  library = null;
  isLoading = false;
  failed = false;
  /** How often Streamlit has called us, so that only the last call may clean up. */
  calls = 0;

  constructor(root, ink) {
    this.root = root;
    this.ink = ink;
    this.observer = new ResizeObserver(() => this.panels.forEach((panel) => panel.resize()));
    this.observer.observe(root);
  }

  /** @param {Chart} data */
  update(data) {
    if (data.run !== this.data?.run || data.axis !== this.data?.axis) this.recall(data);
    this.data = data;
    this.words = X_WORDS[data.axis];
    this.theme = this.readTheme();
    this.range = this.view ?? this.extent();
    this.arrange();
    this.show();
    if (!this.library && !this.isLoading) this.load();
  }

  /** Zoom and hidden curves are those a person left, even in an element that is no more. */
  recall({ key, run, axis }) {
    const last = left.get(key);
    this.view = last?.run === run && last?.axis === axis ? last.view : null;
    this.hidden = last?.hidden ?? this.hidden;
  }

  remember() {
    const { key, run, axis } = this.data;
    left.set(key, { run, axis, view: this.view, hidden: this.hidden });
  }

  /** Makes the panels anew when they are others than before, and otherwise gives them the data. */
  arrange() {
    const { panels } = this.data;
    const shape = JSON.stringify(panels, (name, value) =>
      NUMBERS.has(name) ? undefined : value,
    );
    if (shape === this.shape) {
      this.panels.forEach((panel, index) => panel.take(panels[index]));
      return;
    }
    this.shape = shape;
    this.panels.forEach((panel) => panel.destroy());
    this.panels = panels.map((panel) => new Panel(this, panel));
    this.root.replaceChildren(...this.panels.map((panel) => panel.root));
  }

  show() {
    this.panels.forEach((panel) => panel.show());
  }

  async load() {
    this.isLoading = true;
    try {
      const { default: uPlot } = await import(new URL(this.data.library, document.baseURI).href);
      await document.fonts.ready; // a canvas does not redraw itself when a font arrives
      this.library = uPlot;
    } catch (error) {
      console.error(error);
    }
    this.isLoading = false;
    this.failed = !this.library;
    this.show();
  }

  zoomTo(view) {
    this.view = view;
    this.range = view ?? this.extent();
    this.panels.forEach((panel) => panel.zoom());
    this.remember();
  }

  toggle(id) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.remember();
  }

  /** More curves than the palette has colours get its colours again, nearer to the ink. */
  colourOf(curve) {
    const { palette, ink } = this.theme;
    const colour = palette[curve.colour % palette.length].trim();
    const isNew = curve.colour < palette.length;
    return isNew ? colour : `color-mix(in oklab, ${colour} 55%, ${ink})`;
  }

  /** The colour of a band: that of its curve, thinned. */
  tint(band) {
    return `color-mix(in srgb, ${this.colourOf(band)} 18%, transparent)`;
  }

  /** The first and last step of all panels, so that their axes stay in line. */
  extent() {
    const ends = this.data.panels
      .flatMap(({ curves }) => curves)
      .flatMap(({ x }) => (x.length ? [x[0], x.at(-1)] : []));
    if (!ends.length) return [0, 1];
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    return last > first ? [first, last] : [first, first + 1];
  }

  /** Colours as a canvas takes them: it knows no CSS variables, and .ink has its mixed one. */
  readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
    return {
      background: read("background-color"),
      ink: read("text-color"),
      font: read("font"),
      line: read("border-color"),
      quiet: getComputedStyle(this.ink).color,
      palette: read("chart-categorical-colors").split(","),
    };
  }

  destroy() {
    this.observer.disconnect();
    this.panels.forEach((panel) => panel.destroy());
    this.panels = [];
  }
}

/** What changes without making a chart another one. */
const NUMBERS = new Set(["x", "y", "low", "high"]);

/** How a person left each chart, by its key: on a slow machine Streamlit may replace its element. */
const left = new Map();

/** @type {WeakMap<Node, LiveCurves>} */
const charts = new WeakMap();

export default function ({ parentElement, data }) {
  if (!charts.has(parentElement)) {
    const [root, ink] = [".curves", ".ink"].map((name) => parentElement.querySelector(name));
    charts.set(parentElement, new LiveCurves(root, ink));
  }
  const chart = charts.get(parentElement);
  chart.calls += 1;
  const call = chart.calls;
  chart.update(data);

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === chart.calls) {
      chart.destroy();
      charts.delete(parentElement);
    }
  };
}
