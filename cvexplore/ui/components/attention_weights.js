/**
 * The attention of one layer, unpacked: rows, columns and averages of it, for every head at once.
 *
 * A Spread is how much of something lies where: one number for each cell of a grid, and behind
 * them the sums that attention_view.js shows as a bar. Spreads of heads or queries can be added.
 */

/**
 * @typedef {object} Spread
 * @property {Float32Array} cells one number for each place of the grid
 * @property {Float32Array} shares all places, padding, then each token of no place by its name
 *
 * @typedef {object} Reading what is shown for one query
 * @property {Spread[]} heads
 * @property {Spread} mean of all heads
 * @property {[number, number]} grid rows and columns of the cells
 * @property {string[]} names of the tokens of no place among the shares
 * @property {Uint8Array} window 1 for each cell that the query can see
 * @property {boolean} hasPadding whether a part of the attention may go to padding
 */

const NO_PLACE = -1;
const PADDING = -2;
const [PLACES, PADDED, TOKENS] = [0, 1, 2]; // where they are among the shares

/** What a byte stands for, as a part of its row's peak: Python took the root. */
const PARTS = Float32Array.from({ length: 256 }, (_, level) => (level / 255) ** 2);

/** @param {string} text base64 */
function unpack(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** Queries or keys: where each lies, and what those of no place are called. */
class Tokens {
  constructor(places, grid, names) {
    this.places = new Int32Array(unpack(places).buffer);
    this.grid = grid;
    this.cells = grid[0] * grid[1];
    /** Indices of the tokens of no place, and the name of each. */
    this.unplaced = [...this.places.keys()].filter((index) => this.places[index] === NO_PLACE);
    this.names = [...new Set(names)];
    /** For each token of no place, which of the names it has. */
    this.nameOf = new Map(
      this.unplaced.map((index, order) => [index, this.names.indexOf(names[order])]),
    );
    /** All tokens at a place: overlapping windows have several. */
    this.at = new Map();
    this.places.forEach((place, index) => {
      if (place >= 0) this.at.set(place, [...(this.at.get(place) ?? []), index]);
    });
  }

  /** The tokens that this one is, or that lie where it lies. */
  sameAs(place, name) {
    if (place >= 0) return this.at.get(place) ?? [];
    return this.unplaced.filter((index) => this.names[this.nameOf.get(index)] === name);
  }

  nameAt(index) {
    return this.nameOf.has(index) ? this.names[this.nameOf.get(index)] : null;
  }

  emptySpread() {
    return {
      cells: new Float32Array(this.cells),
      shares: new Float32Array(TOKENS + this.names.length),
    };
  }
}

class AttentionWeights {
  /** @param {object} data what attention_view.py sends */
  constructor(data) {
    [this.windows, this.heads, this.rows, this.columns] = data.shape;
    this.levels = unpack(data.levels);
    this.peaks = new Float32Array(unpack(data.peaks).buffer);
    this.shares = new Float32Array(unpack(data.shares).buffer);
    this.width = this.peaks.length ? this.shares.length / this.peaks.length : 0;
    this.queries = new Tokens(data.queries, data.queryGrid, data.queryTokens);
    this.keys = new Tokens(data.keys, data.keyGrid, data.keyTokens);
    /** For each window its keys of no place, in the order of their shares. */
    this.unplacedIn = Array.from({ length: this.windows }, () => []);
    for (const key of this.keys.unplaced) this.unplacedIn[this.windowOf(key)].push(key);
    this.average = this.averageOfAll();
  }

  windowOf(key) {
    return Math.floor(key / this.columns);
  }

  /** Whether queries can be found again among the keys, so that columns can be drawn. */
  get hasColumns() {
    const { queries, keys } = this;
    const isSameGrid = String(queries.grid) === String(keys.grid);
    return isSameGrid && (queries.at.size > 0 || String(queries.names) === String(keys.names));
  }

  /**
   * The query at a point of the picture, or of a name; attention_view.py decides by the same rule.
   *
   * @param {{point?: [number, number] | null, token?: string | null}} picked
   * @returns {number | null}
   */
  find({ point = null, token = null }) {
    const [rows, columns] = this.queries.grid;
    let found = [];
    if (token !== null) found = this.queries.sameAs(NO_PLACE, token);
    else if (point) {
      const [x, y] = point;
      found = this.queries.sameAs(Math.floor(y * rows) * columns + Math.floor(x * columns), null);
    }
    return found[0] ?? null;
  }

  /** How the attention of one query is spread: a row of the matrix. @returns {Reading} */
  looksAt(query) {
    const window = Math.floor(query / this.rows);
    const heads = this.forEachHead(this.keys, (spread, head) => {
      this.addRow(spread, window, head, query % this.rows);
    });
    return this.reading(heads, this.keys, this.cellsOf(this.keys, [window], this.columns));
  }

  /** How much each query attends to where this one lies: a column. @returns {Reading} */
  lookedAtBy(query) {
    const targets = this.keys.sameAs(this.queries.places[query], this.queries.nameAt(query));
    const windows = [...new Set(targets.map((key) => this.windowOf(key)))];
    const heads = this.forEachHead(this.queries, (spread, head) => {
      targets.forEach((key) => this.addColumn(spread, head, key));
    });
    return this.reading(heads, this.queries, this.cellsOf(this.queries, windows, this.rows));
  }

  addRow(spread, window, head, row) {
    const place = (window * this.heads + head) * this.rows + row;
    const peak = this.peaks[place];
    const [from, first] = [place * this.columns, window * this.columns];
    for (let i = 0; i < this.columns; i += 1) {
      const cell = this.keys.places[first + i];
      if (cell >= 0) spread.cells[cell] += PARTS[this.levels[from + i]] * peak;
    }
    spread.shares[PLACES] += this.shares[place * this.width + PLACES];
    spread.shares[PADDED] += this.shares[place * this.width + PADDED];
    this.unplacedIn[window].forEach((key, order) => {
      const share = this.shares[place * this.width + TOKENS + order];
      spread.shares[TOKENS + this.keys.nameOf.get(key)] += share;
    });
  }

  addColumn(spread, head, key) {
    const window = this.windowOf(key);
    for (let row = 0; row < this.rows; row += 1) {
      const query = window * this.rows + row;
      const cell = this.queries.places[query];
      if (cell === PADDING) continue;
      const weight = this.weight(window, head, row, key);
      if (cell >= 0) {
        spread.cells[cell] += weight;
        spread.shares[PLACES] += weight;
      } else {
        spread.shares[TOKENS + this.queries.nameOf.get(query)] += weight;
      }
    }
  }

  weight(window, head, row, key) {
    const place = (window * this.heads + head) * this.rows + row;
    const order = this.unplacedIn[window].indexOf(key);
    if (order >= 0) return this.shares[place * this.width + TOKENS + order];
    return PARTS[this.levels[place * this.columns + (key % this.columns)]] * this.peaks[place];
  }

  /** The mean row over all queries but padding. @returns {Reading} */
  averageOfAll() {
    const real = [...this.queries.places.keys()].filter(
      (query) => this.queries.places[query] !== PADDING,
    );
    const heads = this.forEachHead(this.keys, (spread, head) => {
      for (const query of real) {
        this.addRow(spread, Math.floor(query / this.rows), head, query % this.rows);
      }
      scale(spread, 1 / Math.max(1, real.length));
    });
    const all = [...Array(this.windows).keys()];
    return this.reading(heads, this.keys, this.cellsOf(this.keys, all, this.columns));
  }

  forEachHead(tokens, fill) {
    return Array.from({ length: this.heads }, (_, head) => {
      const spread = tokens.emptySpread();
      fill(spread, head);
      return spread;
    });
  }

  cellsOf(tokens, windows, length) {
    const cells = new Uint8Array(tokens.cells);
    for (const window of windows) {
      for (const place of tokens.places.subarray(window * length, (window + 1) * length)) {
        if (place >= 0) cells[place] = 1;
      }
    }
    return cells;
  }

  reading(heads, tokens, window) {
    const mean = tokens.emptySpread();
    for (const spread of heads) {
      spread.cells.forEach((value, cell) => (mean.cells[cell] += value));
      spread.shares.forEach((value, share) => (mean.shares[share] += value));
    }
    scale(mean, 1 / heads.length);
    const hasPadding = tokens === this.keys && tokens.places.includes(PADDING);
    return { heads, mean, grid: tokens.grid, names: tokens.names, window, hasPadding };
  }
}

/** @param {Spread} spread */
function scale(spread, factor) {
  for (const values of [spread.cells, spread.shares]) {
    for (let i = 0; i < values.length; i += 1) values[i] *= factor;
  }
}
