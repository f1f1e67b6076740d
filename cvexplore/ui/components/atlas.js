/**
 * A sheet of tiles as one picture: hovering tells, a click or Enter selects.
 *
 * Streamlit calls the default export again whenever the data or the theme change. What must last
 * in between lives in an Atlas, kept by the element it draws in.
 */

/**
 * @typedef {object} Sheet what atlas.py sends
 * @property {string} sheet the PNG in base64
 * @property {number} tiles
 * @property {number} columns
 * @property {string[]} captions
 * @property {string} alt
 * @property {number} selected the tile to show until a person picks one
 */

class Atlas {
  /** What a person picked; stays theirs when a smaller sheet cannot show it for a while. */
  picked = null;
  /** The tile under the mouse or the arrow keys. */
  visited = null;
  /** How often Streamlit has called us, so that only the last call may clean up. */
  calls = 0;

  constructor(root) {
    this.board = root.querySelector(".board");
    this.image = root.querySelector("img");
    this.choice = root.querySelector(".choice");
    this.visit = root.querySelector(".visit");
    this.missing = root.querySelector(".missing");
    this.caption = root.querySelector(".caption");
    this.place = root.querySelector(".place");

    this.board.onpointermove = (event) => this.goTo(this.tileAt(event));
    this.board.onpointerleave = () => this.goTo(null);
    this.board.onblur = () => this.goTo(null);
    this.board.onclick = (event) => this.pick(this.tileAt(event));
    this.board.onkeydown = (event) => this.press(event);
    this.image.onload = () => this.showPicture(true);
    this.image.onerror = () => this.showPicture(false);
    this.observer = new ResizeObserver(() => this.chooseSampling());
    this.observer.observe(this.board);
  }

  /**
   * @param {Sheet} data
   * @param {(tile: number) => void} tellPython
   */
  update(data, tellPython) {
    const isNewPicture = data.sheet !== this.data?.sheet;
    this.data = data;
    this.tellPython = tellPython;
    if (isNewPicture) this.image.src = `data:image/png;base64,${data.sheet}`;
    this.image.alt = data.alt;
    this.goTo(this.has(this.visited) ? this.visited : null);
  }

  has(tile) {
    return tile !== null && tile >= 0 && tile < this.data.tiles;
  }

  /** The selected tile, by the same rule as in atlas.py. */
  get selected() {
    return this.has(this.picked) ? this.picked : this.data.selected;
  }

  pick(tile) {
    if (!this.has(tile)) return;
    this.picked = tile;
    this.goTo(this.visited);
    this.tellPython(tile);
  }

  goTo(tile) {
    this.visited = tile;
    this.frame(this.choice, this.selected);
    this.frame(this.visit, tile);
    const shown = tile ?? this.selected;
    const exists = this.has(shown) && !this.board.hidden;
    this.caption.textContent = exists ? (this.data.captions[shown] ?? `Tile ${shown + 1}`) : "";
    this.place.textContent = exists ? `${shown + 1} / ${this.data.tiles}` : "";
  }

  press(event) {
    const { columns, tiles } = this.data;
    const from = this.visited ?? this.selected;
    const targets = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from - columns,
      ArrowDown: from + columns,
      Home: 0,
      End: tiles - 1,
    };
    if (event.key === "Enter" || event.key === " ") {
      this.pick(from);
    } else if (!(event.key in targets)) {
      return;
    } else if (this.has(targets[event.key])) {
      this.goTo(targets[event.key]);
    }
    event.preventDefault();
  }

  /** Returns the tile under a pointer, or null beside the tiles. */
  tileAt(event) {
    const box = this.image.getBoundingClientRect();
    const { columns } = this.data;
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    const tile = row * columns + column;
    return column >= 0 && column < columns && this.has(tile) ? tile : null;
  }

  get rows() {
    return Math.ceil(this.data.tiles / this.data.columns);
  }

  frame(element, tile) {
    element.hidden = !this.has(tile);
    const { columns } = this.data;
    element.style.width = `${100 / columns}%`;
    element.style.height = `${100 / this.rows}%`;
    element.style.left = `${((tile % columns) / columns) * 100}%`;
    element.style.top = `${(Math.floor(tile / columns) / this.rows) * 100}%`;
  }

  showPicture(isReadable) {
    this.board.hidden = !isReadable;
    this.missing.hidden = isReadable;
    this.chooseSampling();
    this.goTo(this.visited);
  }

  chooseSampling() {
    const devicePixels = this.image.clientWidth * window.devicePixelRatio;
    this.image.classList.toggle("enlarged", devicePixels >= this.image.naturalWidth);
  }

  destroy() {
    this.observer.disconnect();
  }
}

/** @type {WeakMap<Node, Atlas>} */
const atlases = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  if (!atlases.has(parentElement)) {
    atlases.set(parentElement, new Atlas(parentElement.querySelector(".atlas")));
  }
  const atlas = atlases.get(parentElement);
  atlas.calls += 1;
  const call = atlas.calls;
  atlas.update(data, (tile) => setStateValue("selected", tile));

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === atlas.calls) {
      atlas.destroy();
      atlases.delete(parentElement);
    }
  };
}
