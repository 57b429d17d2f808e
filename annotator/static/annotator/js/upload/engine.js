// Sends the files of one upload, some at a time and piece by piece; pauses, waits out a lost network, and goes on from
// where the server says each file is. Knows nothing of the page.

import { backoff_ms } from "../label/outbox.js";
import { UPLOAD } from "./strings.js";
import { TusError, verdict } from "./tus.js";

export const PIECE_BYTES = 8 * 1024 * 1024;
const AT_ONCE = 3;

export class Engine {
  #stop = null;
  #wake = [];

  // wait(ms, wakers): resolves after that time, or when a waker that it puts on the list is called
  constructor({ tus, files_url, items, onChange, wait = waitOrWake, isReadable = canBeRead, piece_bytes = PIECE_BYTES }) {
    Object.assign(this, { tus, files_url, items, onChange, wait, isReadable, piece_bytes });
    this.status = "ready"; // ready | sending | paused | signed-out | refused | done
    this.text = "";
  }

  // Resolves when everything has come in, or when it stopped for a reason that `status` names.
  async run() {
    this.#stop = new AbortController();
    this.#say("sending", "");
    for (const item of this.items) if (item.state === "failed" || item.state === "sending") this.#set(item, "waiting", "");
    const { signal } = this.#stop;
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(signal)));
    if (this.status !== "sending") return;
    const failed = this.items.filter((item) => item.state === "failed");
    if (failed.length) this.#say("refused", failed[0].text);
    else this.#say("done", "");
  }

  pause() {
    if (this.status !== "sending") return;
    this.#say("paused", "");
    this.#halt();
  }

  // The network is back: no need to wait out the back-off.
  networkReturned() {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #halt() {
    this.#stop.abort();
    this.networkReturned();
  }

  async #work(signal) {
    while (!signal.aborted) {
      const item = this.items.find((one) => one.state === "waiting");
      if (!item) return;
      this.#set(item, "sending", "");
      await this.#bringIn(item, signal);
    }
  }

  async #bringIn(item, signal) {
    let isSure = false; // whether `offset` is the server's
    let nFailed = 0;
    while (!signal.aborted) {
      const before = item.offset;
      try {
        if (!isSure) await this.#place(item, signal);
        isSure = true;
        while (item.offset < item.size) {
          await this.#sendPiece(item, signal);
          nFailed = 0;
        }
        return this.#set(item, "done", "");
      } catch (error) {
        if (signal.aborted) break;
        isSure = false;
        nFailed = item.offset > before ? 1 : nFailed + 1;
        if (!(await this.#mayGoOn(item, error, nFailed))) return undefined;
      }
    }
    return this.#set(item, "waiting", "");
  }

  async #place(item, signal) {
    if (item.url) item.offset = await this.tus.offset(item.url, { signal });
    else Object.assign(item, await this.tus.create(this.files_url, item, { signal }));
    this.#set(item, "sending", "");
  }

  async #sendPiece(item, signal) {
    const start = item.offset;
    const body = item.blob.slice(start, start + this.piece_bytes);
    const onProgress = (n) => {
      item.offset = start + Math.min(n, body.size);
      this.onChange(item);
    };
    try {
      item.offset = await this.tus.piece(item.url, start, body, { onProgress, signal });
    } catch (error) {
      item.offset = start; // what the server has of the piece it will say
      throw error;
    }
    this.onChange(item);
  }

  // Whether the file is worth another try; waits for the time of it.
  async #mayGoOn(item, error, nFailed) {
    if (!(error instanceof TusError)) throw error;
    const meaning = verdict(error.status, error.code);
    if (meaning === "signed-out") {
      this.#set(item, "waiting", "");
      this.#say("signed-out", error.message);
      this.#halt();
      return false;
    }
    if (meaning !== "retry") return this.#fail(item, error.message);
    if (error.status === null && !(await this.isReadable(item.blob))) {
      return this.#fail(item, UPLOAD.unreadable);
    }
    this.#set(item, "sending", error.status === null ? UPLOAD.waitingForNetwork : UPLOAD.tryingAgain);
    await this.wait(backoff_ms(nFailed - 1), this.#wake);
    return true;
  }

  #fail(item, text) {
    this.#set(item, "failed", text);
    return false;
  }

  #set(item, state, text) {
    Object.assign(item, { state, text });
    this.onChange(item);
  }

  #say(status, text) {
    Object.assign(this, { status, text });
    this.onChange(null);
  }
}

function waitOrWake(ms, wakers) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wakers.push(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// A file that was moved or changed since it was chosen fails to send just as a lost network does.
async function canBeRead(blob) {
  try {
    await blob.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
