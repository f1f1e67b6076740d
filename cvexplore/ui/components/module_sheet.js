/* exported Sheet -- for module_graph.js, which module_graph.py puts after this file */

/** A drawing in a frame that scrolls: it is fitted, grown, dragged, and scrolled to a place. */

const SMALLEST = 0.05;
const LARGEST = 2.5;
const READABLE = 0.5; // fitting a tall drawing stops here and lets it scroll

class Sheet {
  scale = 1;
  /** Whether the mouse is dragging, so that the click at its end chooses nothing. */
  dragged = false;

  constructor(frame, svg) {
    this.frame = frame;
    this.svg = svg;
    frame.onpointerdown = (event) => event.pointerType === "mouse" && this.grab(event);
    frame.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    };
  }

  /** Takes the size of a new drawing, in its own units. */
  resize({ width, height } = this.size) {
    this.size = { width, height };
    this.svg.setAttribute("width", width * this.scale);
    this.svg.setAttribute("height", height * this.scale);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  fit() {
    const { width, height } = this.size;
    const { clientWidth, clientHeight } = this.frame;
    const whole = Math.min(1.1, (clientWidth - 24) / width, (clientHeight - 24) / height);
    const across = Math.min(0.9, (clientWidth - 24) / width);
    this.scale = Math.max(SMALLEST, whole < READABLE ? across : whole);
    this.resize();
    this.frame.scrollTo(Math.max(0, (width * this.scale - clientWidth) / 2), 0);
  }

  /** Grows the drawing; the point under the mouse, or the middle, stays where it is. */
  zoom(factor, clientX = null, clientY = null) {
    const frame = this.frame.getBoundingClientRect();
    const from = this.svg.getBoundingClientRect();
    const x = clientX ?? frame.left + frame.width / 2;
    const y = clientY ?? frame.top + frame.height / 2;
    const [across, down] = [(x - from.left) / from.width, (y - from.top) / from.height];
    this.scale = Math.min(LARGEST, Math.max(SMALLEST, this.scale * factor));
    this.resize();
    const to = this.svg.getBoundingClientRect();
    this.frame.scrollLeft += to.left + across * to.width - x;
    this.frame.scrollTop += to.top + down * to.height - y;
  }

  grab(event) {
    const { scrollLeft, scrollTop } = this.frame;
    this.dragged = false;
    this.frame.onpointermove = ({ clientX, clientY }) => {
      const [x, y] = [clientX - event.clientX, clientY - event.clientY];
      if (!this.dragged && Math.hypot(x, y) < 5) return;
      if (!this.dragged) this.frame.setPointerCapture(event.pointerId);
      this.dragged = true;
      this.frame.scrollTo(scrollLeft - x, scrollTop - y);
    };
    this.frame.onpointerup = () => {
      this.frame.onpointermove = null;
      setTimeout(() => (this.dragged = false)); // after the click that ends the drag
    };
  }

  /** Scrolls so that what was at one place of the drawing stays where it was on the screen. */
  follow(before, after) {
    const middle = ({ x, width }) => x + width / 2;
    this.frame.scrollLeft += (middle(after) - middle(before)) * this.scale;
    this.frame.scrollTop += (after.y - before.y) * this.scale;
  }

  /** Scrolls to a box unless its head is in sight. */
  show(box) {
    const { clientWidth, clientHeight, scrollLeft, scrollTop } = this.frame;
    const [x, y] = [(box.x + box.width / 2) * this.scale, (box.y + 20) * this.scale];
    const isWithin = (place, from, length) => place > from + 20 && place < from + length - 20;
    if (isWithin(x, scrollLeft, clientWidth) && isWithin(y, scrollTop, clientHeight)) return;
    this.frame.scrollTo(x - clientWidth / 2, y - clientHeight / 3);
  }
}
