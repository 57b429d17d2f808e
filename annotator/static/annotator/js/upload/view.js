// The upload card: shows what is chosen and how far it is, and tells of clicks, choices and drops.

import { filesOf } from "./drop.js";
import { bytesText, timeLeftText } from "./plan.js";
import { UPLOAD } from "./strings.js";

const MOST_ROWS = 200;

export class View {
  #rows = new Map();

  constructor(root) {
    this.root = root;
    for (const id of ["drop", "files", "folder", "plan", "total", "doing", "left", "start", "pause", "discard", "list", "more", "problem", "unfinished"])
      this[id] = root.querySelector(`#${id}`);
    this.layout = root.querySelector("select[name=layout]");
  }

  listen({ onFiles, onStart, onPause, onDiscard }) {
    for (const name of ["files", "folder"]) {
      this.root.querySelector(`#choose-${name}`).addEventListener("click", () => this[name].click());
      this[name].addEventListener("change", () => {
        onFiles([...this[name].files]);
        this[name].value = "";
      });
    }
    this.drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.drop.classList.add("over");
    });
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", async (event) => {
      event.preventDefault();
      this.drop.classList.remove("over");
      onFiles(await filesOf(event.dataTransfer));
    });
    this.start.addEventListener("click", onStart);
    this.pause.addEventListener("click", onPause);
    this.discard.addEventListener("click", onDiscard);
  }

  tell(level, text) {
    this.problem.replaceChildren();
    if (!text) return;
    const box = element("div", { className: `message ${level}` });
    box.append(element("p", { textContent: text }));
    this.problem.append(box);
  }

  showUnfinished(uploads, { onDiscard }) {
    this.unfinished.replaceChildren(...uploads.map((upload) => this.#unfinished(upload, onDiscard)));
    this.unfinished.hidden = uploads.length === 0;
  }

  #unfinished(upload, onDiscard) {
    const box = element("div", { className: "message info" });
    const sent = upload.files.reduce((n, file) => n + file.offset_bytes, 0);
    const size = upload.files.reduce((n, file) => n + file.size_bytes, 0);
    const text = UPLOAD.unfinished(upload.files.length, bytesText(sent), bytesText(size));
    const button = element("button", { className: "btn small", type: "button", textContent: UPLOAD.discardIt });
    button.addEventListener("click", () => onDiscard(upload));
    box.append(element("p", { textContent: text }), button);
    return box;
  }

  showFiles(items) {
    this.#rows = new Map(items.slice(0, MOST_ROWS).map((item) => [item.path, rowOf(item)]));
    this.list.replaceChildren(...[...this.#rows.values()].map((row) => row.root));
    this.more.hidden = items.length <= MOST_ROWS;
    this.more.textContent = UPLOAD.more(items.length - MOST_ROWS);
    this.plan.hidden = items.length === 0;
    for (const item of items) this.showItem(item);
  }

  showItem(item) {
    const row = this.#rows.get(item.path);
    if (!row) return;
    row.root.dataset.state = item.state;
    row.bar.value = item.size === 0 ? Number(item.state === "done") : item.offset / item.size;
    row.state.textContent = item.text || (UPLOAD.states[item.state] ?? UPLOAD.partOf(bytesText(item.offset), bytesText(item.size)));
  }

  showTotal({ fraction, sent, size, nDone, n }, { status, bytes_s }) {
    this.total.value = fraction;
    const isFresh = status === "ready" && sent === 0;
    this.doing.textContent = isFresh ? UPLOAD.chosen(n, bytesText(size)) : UPLOAD.progress(status, { nDone, n, sent: bytesText(sent), size: bytesText(size) });
    this.left.textContent = status === "sending" ? [bytes_s ? UPLOAD.perSecond(bytesText(bytes_s)) : "", timeLeftText(size - sent, bytes_s)].filter(Boolean).join(" · ") : "";
    this.pause.hidden = status !== "sending";
    this.start.hidden = status === "sending" || status === "done";
    this.start.textContent = status === "ready" ? UPLOAD.start : UPLOAD.goOn;
    this.root.dataset.status = status;
  }
}

function rowOf(item) {
  const root = element("li");
  const name = element("span", { className: "name", textContent: item.path, title: `${item.path}, ${bytesText(item.size)}` });
  const bar = element("progress", { max: 1, value: 0, ariaLabel: item.path });
  const state = element("span", { className: "state" });
  root.append(name, bar, state);
  return { root, bar, state };
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
