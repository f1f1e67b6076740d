/* global AttentionPainter, Reading, Spread, PLACES, PADDED, TOKENS, windowAlone, squareOf
   -- of attention_weights.js and attention_painter.js, which lie before this file */

/** What stands beside the picture: shares with numbers, tokens to choose, a small map a head. */

const MOST_TOKENS = 8; // named one by one; of more, only the strongest
const NAMED_OF_MANY = 5;
const AVERAGE = ""; // the value of the choice that is no token

/** Two significant digits are what a byte a weight allows. */
function percent(part) {
  const number = 100 * part;
  if (number === 0) return "0 %";
  if (number < 0.01) return "< 0.01 %";
  return `${number < 9.95 ? number.toPrecision(2) : Math.round(number)} %`;
}

/** Where the attention goes to, or comes from: the parts of a whole. */
class ShareBar {
  constructor(root) {
    this.title = root.querySelector(".shares-title");
    this.bar = root.querySelector(".share-bar");
    this.list = root.querySelector(".shares");
  }

  /**
   * @param {Spread} spread
   * @param {Reading} reading which the spread is of
   * @param {string} title
   */
  show(spread, reading, title) {
    const parts = this.parts(spread, reading);
    const whole = parts.reduce((sum, { share }) => sum + share, 0) || 1;
    this.title.textContent = title;
    this.bar.replaceChildren(...parts.map((part) => this.segment(part, whole)));
    this.list.replaceChildren(...parts.map((part) => this.item(part, whole)));
  }

  parts({ shares }, { names, window: seen, hasPadding }) {
    let tokens = names.map((name, index) => ({ name, share: shares[TOKENS + index], kind: "token" }));
    if (tokens.length > MOST_TOKENS) tokens = this.strongest(tokens);
    const parts = [...tokens];
    if (seen.includes(1)) parts.unshift({ name: "patches", share: shares[PLACES], kind: "places" });
    if (hasPadding) parts.push({ name: "padding", share: shares[PADDED], kind: "padding" });
    return parts;
  }

  strongest(tokens) {
    const sorted = [...tokens].sort((one, other) => other.share - one.share);
    const rest = sorted.slice(NAMED_OF_MANY);
    const share = rest.reduce((sum, token) => sum + token.share, 0);
    const others = { name: `${rest.length} other tokens`, share, kind: "token" };
    return [...sorted.slice(0, NAMED_OF_MANY), others];
  }

  segment({ share, kind }, whole) {
    const segment = document.createElement("span");
    segment.className = kind;
    segment.style.width = `${(100 * share) / whole}%`;
    return segment;
  }

  item({ name, share, kind }, whole) {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    const number = document.createElement("b");
    swatch.className = `swatch ${kind}`;
    number.textContent = percent(share / whole);
    item.append(swatch, `${name} `, number);
    return item;
  }
}

/** The queries that cannot be pointed at: as buttons, or in a list when they are many. */
class TokenPicker {
  /** @param {(name: string | null) => void} choose null is the average of all queries */
  constructor(root, choose) {
    this.root = root;
    this.choose = choose;
  }

  /** @param {string[]} names */
  offer(names) {
    if (names.length > MOST_TOKENS) this.root.replaceChildren(this.listOf(names));
    else this.root.replaceChildren(...[null, ...names].map((name) => this.chip(name)));
  }

  chip(name) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = name ?? "average of all";
    chip.value = name ?? AVERAGE;
    chip.onclick = () => this.choose(chip.ariaPressed === "true" ? null : name);
    return chip;
  }

  listOf(names) {
    const list = document.createElement("select");
    list.setAttribute("aria-label", "Query");
    list.append(new Option("average of all", AVERAGE), ...names.map((name) => new Option(name, name)));
    list.onchange = () => this.choose(list.value || null);
    return list;
  }

  /** @param {string | null} value a token's name, AVERAGE, or null when a patch is shown */
  mark(value) {
    for (const element of this.root.children) {
      if (element instanceof HTMLSelectElement) element.value = value;
      else element.ariaPressed = String(element.value === value);
    }
  }
}

/** A small map for each head, their mean first; one of them is shown large. */
class HeadGrid {
  /** @type {HTMLButtonElement[]} */
  buttons = [];

  /** @param {(head: number | null) => void} choose */
  constructor(root, choose) {
    this.root = root;
    this.choose = choose;
    root.onkeydown = (event) => this.press(event);
  }

  /** Makes the buttons anew when there are more heads than before, or fewer. */
  arrange(heads) {
    if (this.buttons.length === heads + 1) return;
    this.buttons = Array.from({ length: heads + 1 }, (_, place) => this.button(place));
    this.root.replaceChildren(...this.buttons);
  }

  button(place) {
    const button = document.createElement("button");
    const name = place === 0 ? "mean of heads" : `head ${place}`;
    const label = document.createElement("span");
    label.textContent = place === 0 ? "mean" : String(place);
    button.type = "button";
    button.title = name;
    button.setAttribute("role", "radio");
    button.setAttribute("aria-label", name);
    button.append(document.createElement("canvas"), label);
    button.onclick = () => this.choose(place === 0 ? null : place - 1);
    return button;
  }

  /**
   * @param {Reading} reading
   * @param {AttentionPainter} painter
   * @param {number | null} chosen
   */
  paint(reading, painter, chosen) {
    const isPlaced = reading.window.includes(1);
    const layout = isPlaced ? windowAlone(reading) : squareOf(reading.names.length);
    [reading.mean, ...reading.heads].forEach(({ cells, shares }, place) => {
      const button = this.buttons[place];
      const isChosen = place === (chosen === null ? 0 : chosen + 1);
      painter.paintPixels(button.firstChild, isPlaced ? cells : shares.subarray(TOKENS), layout);
      button.setAttribute("aria-checked", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1; // Tab goes to the group, arrow keys within it
    });
  }

  press(event) {
    const from = this.buttons.indexOf(event.target.closest("button"));
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (from < 0 || !step) return;
    const next = this.buttons.at((from + step) % this.buttons.length);
    next.click();
    next.focus();
    event.preventDefault();
  }
}
