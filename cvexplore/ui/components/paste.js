/**
 * Takes an image from the clipboard and sends it to Python in base64.
 *
 * A paste event works everywhere; reading the clipboard at a button's press works where the browser
 * allows it: on this machine or over https.
 */

const ASK = "Copy an image, then press Ctrl+V here.";
const NONE = "There is no image in the clipboard. Copy one, then paste.";

/** @returns {Promise<string>} the file in base64 */
function inBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** @returns {Promise<Blob | null>} the first image of the clipboard */
async function fromClipboard() {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((each) => each.startsWith("image/"));
    if (type) return item.getType(type);
  }
  return null;
}

class Paste {
  constructor(root) {
    this.told = root.querySelector(".told");
    this.place = root;
    this.button = root.querySelector("button");
    this.button.hidden = !navigator.clipboard?.read;
    this.button.onclick = () => this.press();
    this.onpaste = (event) => this.receive(event);
    document.addEventListener("paste", this.onpaste);
    this.tell(ASK);
  }

  tell(sentence) {
    this.told.textContent = sentence;
  }

  receive(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    const image = files.find((file) => file.type.startsWith("image/"));
    if (image) {
      event.preventDefault();
      this.send(image);
    } else if (event.composedPath().includes(this.place)) {
      this.tell(NONE); // elsewhere, words are pasted into a field and are none of our business
    }
  }

  async press() {
    try {
      const image = await fromClipboard();
      if (image) await this.send(image);
      else this.tell(NONE);
    } catch {
      this.tell("The browser does not let this page read the clipboard. Press Ctrl+V instead.");
    }
  }

  async send(image) {
    if (image.size > this.mostBytes) {
      this.tell(`The image is larger than ${this.mostBytes >> 20} MB. Paste a smaller one.`);
      return;
    }
    this.tellPython(await inBase64(image));
    this.tell("Pasted. Ctrl+V replaces it.");
  }

  destroy() {
    document.removeEventListener("paste", this.onpaste);
  }
}

/** @type {WeakMap<Node, {paste: Paste, calls: number}>} */
const places = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  if (!places.has(parentElement)) {
    const paste = new Paste(parentElement.querySelector(".paste"));
    places.set(parentElement, { paste, calls: 0 });
  }
  const place = places.get(parentElement);
  const call = ++place.calls;
  place.paste.mostBytes = data.mostBytes;
  place.paste.tellPython = (image) => setTriggerValue("image", image);

  return () => {
    // Streamlit also runs the clean-up of a call that a newer one has overtaken.
    if (call === place.calls) {
      place.paste.destroy();
      places.delete(parentElement);
    }
  };
}
