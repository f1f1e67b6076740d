/* exported Tree, arrange -- for module_graph.js, which module_graph.py puts after this file */

/**
 * A network as a tree of blocks, and where everything of it lies on the drawing.
 *
 * Laying out two thousand layers at once takes a layered-graph library minutes. So every open block
 * is laid out alone, with its own parts only; an open block inside it is one large box there. Every
 * edge is drawn in the innermost block that holds both its ends, which shows a residual shortcut
 * inside its block, and a dot at a block's top or bottom stands for what comes in or goes out.
 */

const parentOf = (path) => (path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "");
const nameOf = (path) => path.slice(path.lastIndexOf(".") + 1);

/** The parts of each block, and the edges to draw in it. A part is a number (a layer) or a path. */
class Tree {
  /** @type {Map<string, (number | string)[]>} */
  parts = new Map([["", []]]);
  /** @type {Map<string, [number | string, number | string, number][]>} from, to, whose output */
  edges = new Map();
  /** @type {Map<number, object>} */
  layers = new Map();
  /** @type {Map<string, object>} what a block's layers sum up to */
  sums = new Map();

  constructor({ nodes, edges }) {
    for (const node of nodes) {
      const block = node.id < 0 ? "" : parentOf(node.path);
      this.addBlock(block);
      this.layers.set(node.id, { ...node, block });
      this.parts.get(block).push(node.id);
      for (let path = block; path; path = parentOf(path)) this.addTo(path, node);
    }
    const seen = new Set();
    for (const [from, to] of edges) {
      if (this.layers.has(from) && this.layers.has(to)) this.addEdge(from, to, seen);
    }
  }

  addBlock(path) {
    if (this.parts.has(path)) return;
    this.parts.set(path, []);
    this.addBlock(parentOf(path));
    this.parts.get(parentOf(path)).push(path);
  }

  addTo(path, node) {
    const sum = this.sums.get(path) ?? { layers: 0, parameters: 0, macs: 0, bytes: 0 };
    for (const key of ["parameters", "macs", "bytes"]) sum[key] += node[key];
    sum.layers += 1;
    this.sums.set(path, { ...sum, shape: node.shape });
  }

  /** The blocks around a layer, the whole network first. */
  around(id) {
    const found = [];
    for (let path = this.layers.get(id).block; path; path = parentOf(path)) found.unshift(path);
    return ["", ...found];
  }

  addEdge(from, to, seen) {
    const [starts, ends] = [this.around(from), this.around(to)];
    let shared = 0;
    while (shared < starts.length && starts[shared] === ends[shared]) shared += 1;
    const part = (blocks, level, id) => blocks[level] ?? id;
    const put = (block, a, b) => {
      const key = `${block}\n${a}\n${b}`;
      if (a === b || seen.has(key)) return;
      seen.add(key);
      if (!this.edges.has(block)) this.edges.set(block, []);
      this.edges.get(block).push([a, b, from]);
    };
    put(starts[shared - 1], part(starts, shared, from), part(ends, shared, to));
    for (let level = shared; level < starts.length; level += 1) {
      put(starts[level], part(starts, level + 1, from), "\vout");
    }
    for (let level = shared; level < ends.length; level += 1) {
      put(ends[level], "\vin", part(ends, level + 1, to));
    }
  }

  has(part) {
    return typeof part === "number" ? this.layers.has(part) : this.parts.has(part);
  }

  blockOf(part) {
    return typeof part === "number" ? this.layers.get(part).block : parentOf(part);
  }

  /** A block that holds nothing but one other block is opened together with it. */
  openAlong(path) {
    const [only, ...more] = this.parts.get(path);
    return !more.length && typeof only === "string" ? [path, ...this.openAlong(only)] : [path];
  }
}

const HEAD = 28; // pixels of an open block's title
const MANY = 6; // a block with more than two edges a part, and these, is laid out without its skips

/**
 * Lays out one block with all that is open inside it.
 *
 * @param {object} dagre
 * @param {Tree} tree
 * @param {{open: Set<string>, size: (part) => [number, number],
 *   titleWidth: (part) => number, gap: number}} how
 * @returns {{boxes: object[], lines: object[], width: number, height: number}}
 */
function arrange(dagre, tree, how, block = "") {
  const edges = tree.edges.get(block) ?? [];
  const ports = ["\vin", "\vout"].filter((port) => edges.some((edge) => edge.includes(port)));
  const parts = [...tree.parts.get(block), ...ports];
  const inside = parts.map((part) => (how.open.has(part) ? arrange(dagre, tree, how, part) : null));
  const sizes = parts.map((part, index) => {
    if (ports.includes(part)) return [8, 8];
    const inner = inside[index];
    return inner
      ? [Math.max(inner.width, how.titleWidth(part)), inner.height + HEAD]
      : how.size(part);
  });
  const places = new Map(parts.map((part, index) => [part, index]));
  const links = edges.map(([from, to]) => [places.get(from), places.get(to)]);
  const plan = planned(dagre, sizes, links, how.gap);
  const boxes = plan.boxes.map((box, index) => ({
    ...box,
    part: parts[index],
    inside: inside[index],
  }));
  boxes.sort((a, b) => a.y - b.y || a.x - b.x); // read aloud, and reached by keys, from the top
  const lines = plan.lines.map((line, index) => ({
    ...line,
    source: edges[index][2],
    to: edges[index][1],
  }));
  return { boxes, lines, width: plan.width, height: plan.height };
}

/** Networks repeat their blocks, and a block that is toggled leaves the others as they were. */
const plans = new Map();
const MOST_PLANS = 500;

function planned(dagre, sizes, links, gap) {
  const key = JSON.stringify([sizes, links, gap]);
  if (!plans.has(key)) {
    if (plans.size >= MOST_PLANS) plans.clear();
    plans.set(key, plan(dagre, sizes, links, gap));
  }
  return plans.get(key);
}

/** Places boxes of these sizes, and the lines between them, from top to bottom. */
function plan(dagre, sizes, links, gap) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "TB", ranksep: gap, nodesep: 18, marginx: 14, marginy: 12 });
  sizes.forEach(([width, height], index) => graph.setNode(index, { width, height }));
  const isLong = links.length > 2 * sizes.length + MANY ? longLinks(links) : () => false;
  for (const link of links) {
    if (!isLong(link)) graph.setEdge(link[0], link[1], {});
  }
  dagre.layout(graph);
  const { width, height } = graph.graph();
  const boxes = sizes.map((_, index) => {
    const node = graph.node(index);
    return {
      x: node.x - node.width / 2,
      y: node.y - node.height / 2,
      width: node.width,
      height: node.height,
    };
  });
  const lines = links.map((link) =>
    isLong(link) ? arc(graph.node(link[0]), graph.node(link[1])) : graph.edge(link[0], link[1]),
  );
  const room = links.some(isLong) ? Math.min(160, 20 + height / 12) : 0;
  return { boxes, lines, width: (width || 60) + room, height: height || 30 };
}

/** In a dense block every layer feeds every later one: all but the next steps become arcs. */
function longLinks(links) {
  const rank = new Map();
  const before = new Map();
  for (const [from, to] of links) {
    if (!before.has(to)) before.set(to, []);
    before.get(to).push(from);
  }
  const rankOf = (part) => {
    if (!rank.has(part)) {
      rank.set(part, 0); // also ends the search where a block runs twice and the edges go round
      rank.set(part, Math.max(-1, ...(before.get(part) ?? []).map(rankOf)) + 1);
    }
    return rank.get(part);
  };
  return ([from, to]) => rankOf(to) - rankOf(from) > 1;
}

function arc(a, b) {
  const reach = Math.min(150, 14 + Math.abs(b.y - a.y) / 9);
  return { arc: [a.x + a.width / 2, a.y, b.x + b.width / 2, b.y, reach] };
}
