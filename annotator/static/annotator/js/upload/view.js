// The upload card: shows what is chosen and how far it is, and tells of clicks, choices and drops.

import { filesOf } from "./drop.js";
import { bytesText, timeLeftText } from "./plan.js";

const MOST_ROWS = 200;
const STATES = { waiting: "waiting", done: "here" };

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
    const text = `An upload of ${upload.files.length} files is unfinished: ${bytesText(sent)} of ${bytesText(size)} are here. Choose the same files again to go on.`;
    const button = element("button", { className: "btn small", type: "button", textContent: "Discard it" });
    button.addEventListener("click", () => onDiscard(upload));
    box.append(element("p", { textContent: text }), button);
    return box;
  }

  showFiles(items) {
    this.#rows = new Map(items.slice(0, MOST_ROWS).map((item) => [item.path, rowOf(item)]));
    this.list.replaceChildren(...[...this.#rows.values()].map((row) => row.root));
    this.more.hidden = items.length <= MOST_ROWS;
    this.more.textContent = `and ${items.length - MOST_ROWS} more files`;
    this.plan.hidden = items.length === 0;
    for (const item of items) this.showItem(item);
  }

  showItem(item) {
    const row = this.#rows.get(item.path);
    if (!row) return;
    row.root.dataset.state = item.state;
    row.bar.value = item.size === 0 ? Number(item.state === "done") : item.offset / item.size;
    row.state.textContent = item.text || (STATES[item.state] ?? `${bytesText(item.offset)} of ${bytesText(item.size)}`);
  }

  showTotal({ fraction, sent, size, nDone, n }, { status, bytes_s }) {
    this.total.value = fraction;
    const words = { ready: sent ? "Goes on: " : `${n} files, ${bytesText(size)}`, sending: "", paused: "Paused. ", done: "All here. " }[status] ?? "Stopped. ";
    this.doing.textContent = status === "ready" && sent === 0 ? words : `${words}${nDone} of ${n} files, ${bytesText(sent)} of ${bytesText(size)}`;
    this.left.textContent = status === "sending" ? [bytes_s ? `${bytesText(bytes_s)}/s` : "", timeLeftText(size - sent, bytes_s)].filter(Boolean).join(" · ") : "";
    this.pause.hidden = status !== "sending";
    this.start.hidden = status === "sending" || status === "done";
    this.start.textContent = status === "ready" ? "Upload and import" : "Go on";
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
