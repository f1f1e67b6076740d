/* exported Painter, element -- for module_graph.js, which module_graph.py puts after this file */
/* global HEAD, nameOf -- from module_tree.js, put before this file */

/** Boxes, arrows and words of a laid-out network, as SVG. */

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function compact(value) {
  const steps = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const [size, prefix] = steps.find(([size]) => value >= size) ?? [1, ""];
  return prefix ? `${(value / size).toPrecision(3)} ${prefix}` : `${value}`;
}

/** A line through points, rounded at each of them. */
function smooth(points) {
  let path = `M${points[0].x},${points[0].y}`;
  for (let i = 1; i < points.length - 1; i += 1) {
    const [here, next] = [points[i], points[i + 1]];
    const last = i === points.length - 2;
    const [x, y] = last ? [next.x, next.y] : [(here.x + next.x) / 2, (here.y + next.y) / 2];
    path += `Q${here.x},${here.y} ${x},${y}`;
  }
  return points.length === 2 ? `${path}L${points[1].x},${points[1].y}` : path;
}

class Painter {
  /** Every box that was painted, with its place on the whole drawing. */
  boxes = [];
  widths = new Map();

  /**
   * @param {Tree} tree
   * @param {{kinds: Object<string, string>, totals: Object<string, number>}} data
   * @param {boolean} withShapes whether arrows tell what flows along them
   */
  constructor(tree, { kinds, totals }, withShapes) {
    this.tree = tree;
    this.kinds = kinds;
    this.totals = totals;
    this.withShapes = withShapes;
    this.pen = document.createElement("canvas").getContext("2d");
  }

  paint(layout, into, left, top) {
    for (const line of layout.lines) this.paintLine(line, into);
    for (const box of layout.boxes) {
      const { part, x, y, width, height, inside } = box;
      if (part === "\vin" || part === "\vout") {
        into.append(element("circle", { cx: x + 4, cy: y + 4, r: 3, class: "port" }));
        continue;
      }
      const group = this.box(box);
      into.append(group);
      this.boxes.push({ part, group, x: left + x, y: top + y, width, height });
      if (!inside) continue;
      const shift = x + (width - inside.width) / 2;
      const held = element("g", { transform: `translate(${shift},${y + HEAD})` });
      into.append(held);
      this.paint(inside, held, left + shift, top + y + HEAD);
    }
  }

  paintLine({ points, arc, source, to }, into) {
    if (arc) {
      const [x1, y1, x2, y2, reach] = arc;
      const path = `M${x1},${y1}C${x1 + reach},${y1} ${x2 + reach},${y2} ${x2},${y2}`;
      into.append(element("path", { d: path, class: "line arc" }));
      return;
    }
    into.append(element("path", { d: smooth(points), class: "line", "marker-end": "url(#tip)" }));
    const shape = this.tree.layers.get(source).shape;
    if (!this.withShapes || to === "\vout" || !shape) return;
    const { x, y } = points[points.length >> 1];
    const middle = points.length === 2 ? (points[0].y + points[1].y) / 2 : y;
    const label = element("text", { x: x + 6, y: middle + 4, class: "shape" });
    label.textContent = shape;
    into.append(label);
  }

  /** One layer or block; open blocks are a frame with a title. */
  box({ part, x, y, width, height, inside }) {
    const isBlock = typeof part === "string";
    const { title, detail, sign, look } = this.describe(part);
    const group = element("g", {
      transform: `translate(${x},${y})`,
      class: `part ${isBlock ? "block" : `look-${look}`}${inside ? " open" : ""}`,
      "data-part": part,
      role: "button",
      tabindex: -1,
      "aria-label": `${isBlock ? "block" : "layer"} ${title}, ${detail}`,
      ...(isBlock ? { "aria-expanded": !!inside } : {}),
    });
    const text = (content, attributes) => {
      const made = element("text", attributes);
      made.textContent = content;
      group.append(made);
    };
    const hint = element("title");
    hint.textContent = this.hint(part);
    group.append(hint, element("rect", { width, height, rx: sign ? height / 2 : 8 }));
    if (inside) {
      group.append(element("rect", { width, height: HEAD, rx: 8, class: "handle" }));
      text(`− ${title}`, { x: 10, y: 18, class: "title" });
      text(detail, { x: 22 + this.measure(`− ${title}`, true), y: 18, class: "detail" });
    } else if (sign) {
      text(sign, { x: width / 2, y: height / 2 + 6, class: "sign" });
    } else {
      text(isBlock ? `+ ${title}` : title, { x: width / 2, y: 18, class: "title middle" });
      text(detail, { x: width / 2, y: 33, class: "detail middle" });
      const share = this.share(part);
      if (share > 0) {
        const wide = Math.max(2, (width - 16) * share);
        group.append(element("rect", { x: 8, y: height - 4.5, width: wide, height: 2.5, class: "share" }));
      }
    }
    return group;
  }

  describe(part) {
    if (typeof part === "number") {
      const { kind, path, sign, look, shape } = this.tree.layers.get(part);
      return { title: kind, detail: part < 0 ? shape : nameOf(path), sign, look };
    }
    const { layers } = this.tree.sums.get(part);
    const kind = this.kinds[part] ?? "";
    const count = `${layers} layer${layers > 1 ? "s" : ""}`;
    return { title: nameOf(part), detail: kind ? `${kind} · ${count}` : count };
  }

  hint(part) {
    const isLayer = typeof part === "number";
    const { parameters, macs, shape } = isLayer ? this.tree.layers.get(part) : this.tree.sums.get(part);
    const path = isLayer ? this.tree.layers.get(part).path : part;
    const figures = `${compact(parameters)} parameters, ${compact(macs)} multiply-adds`;
    return `${path}${shape ? `  →  ${shape}` : ""}\n${figures}`;
  }

  /** The part's share of all multiply-adds. */
  share(part) {
    const of = typeof part === "number" ? this.tree.layers.get(part) : this.tree.sums.get(part);
    return this.totals.macs ? of.macs / this.totals.macs : 0;
  }

  size(part) {
    const { title, detail, sign } = this.describe(part);
    if (sign) return [30, 30];
    const bold = typeof part === "string" ? `+ ${title}` : title;
    const width = Math.max(84, this.measure(bold, true) + 30, this.measure(detail) + 30);
    return [8 * Math.ceil(width / 8), 42]; // few widths, so that blocks that are alike lie alike
  }

  titleWidth(part) {
    const { title, detail } = this.describe(part);
    return this.measure(`− ${title}`, true) + this.measure(detail) + 34;
  }

  measure(text, isTitle = false) {
    const key = `${isTitle}${text}`;
    if (!this.widths.has(key)) {
      this.pen.font = isTitle ? "600 13px Inter, sans-serif" : "11px Inter, sans-serif";
      this.widths.set(key, this.pen.measureText(text).width);
    }
    return this.widths.get(key);
  }
}
