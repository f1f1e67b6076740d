/**
 * How numbers are written, and the axes they stand beside; live_curves.py joins this file with
 * live_marks.js, live_panel.js and live_curves.js to one module.
 */

/** Points are marked while they are at least this far apart. */
const POINT_DISTANCE = 14;

const wholeNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
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

/** What the x axis counts: how one place and a stretch of it are called. */
const X_WORDS = {
  step: { at: (x) => `step ${wholeNumber.format(x)}`, stretch: "Steps", number: wholeNumber },
  epoch: { at: (x) => `epoch ${tenths.format(x)}`, stretch: "Epochs", number: tenths },
  second: { at: (x) => `${tenths.format(x)} s`, stretch: "Seconds", number: tenths },
};

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

/** Whether the points of a series that are in sight lie far enough apart to be marked. */
function isSparse(plot, series, first, last) {
  const most = plot.over.clientWidth / POINT_DISTANCE;
  let count = 0;
  for (let index = first; index <= last && count <= most; index += 1) {
    if (plot.data[series][index] != null) count += 1;
  }
  return count <= most;
}
