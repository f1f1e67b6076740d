/** What a plot shows beside its curves: bands, shadows, and the moments at which something changed. */

/**
 * @typedef {object} Marker a moment, as a line through all panels
 * @property {number} x
 * @property {string} label
 */

/** Room between a marker's line and its label, and between two labels, in CSS pixels. */
const LABEL_GAP = 4;
const LABEL_HEIGHT = 15;
const LABEL_ROWS = 2;

/** All that is drawn, from back to front; each is a series of uPlot's. Bands have two: low, high. */
function layersOf({ curves, bands }) {
  const edges = bands.flatMap(({ label, colour, x, low, high }) =>
    [low, high].map((y) => ({ kind: "edge", label, colour, x, y })),
  );
  curves.forEach((curve) => (curve.kind = "curve"));
  const shadows = curves.filter((curve) => curve.faint);
  return [...edges, ...shadows, ...curves.filter((curve) => !curve.faint)];
}

/** Draws the markers in sight behind the curves; the panel on top also says what they are. */
function drawMarkers(plot, owner, isLabelled) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const ends = Array(LABEL_ROWS).fill(-Infinity); // of the last label in each row
  ctx.save();
  ctx.strokeStyle = owner.theme.quiet;
  ctx.font = `${11 * scale}px ${owner.theme.font}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.lineWidth = scale;
  ctx.setLineDash([3 * scale, 3 * scale]);
  for (const { x, label } of owner.data.markers) {
    const [min, max] = owner.range;
    if (x < min || x > max) continue;
    const left = plot.valToPos(x, "x", true);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    if (isLabelled) writeLabel(ctx, label, left, bbox, ends, owner.theme);
  }
  ctx.restore();
}

/** Writes a label right of its line, or left of it at the edge; where there is no room, nowhere. */
function writeLabel(ctx, label, left, bbox, ends, theme) {
  const gap = LABEL_GAP * devicePixelRatio;
  const { width } = ctx.measureText(label);
  const fits = left + gap + width <= bbox.left + bbox.width;
  const from = fits ? left + gap : left - gap - width;
  const row = ends.findIndex((end) => end < from);
  if (row < 0 || from < bbox.left) return;
  const height = LABEL_HEIGHT * devicePixelRatio;
  const top = bbox.top + row * height;
  ctx.fillStyle = theme.background; // no line of the grid goes through the words
  ctx.fillRect(from, top, width, height);
  ctx.fillStyle = theme.quiet;
  ctx.fillText(label, from, top + gap / 2);
  ends[row] = from + width + gap;
}
