// The tus protocol 1.0 over whatever sends requests: send({ method, url, headers, body, onProgress, signal }) gives
// { status, header(name), json() }, or throws where no answer came.

import { answered } from "../words.js";

export class TusError extends Error {
  // status: null when no answer came at all
  constructor(message, { status = null, code = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// What a failure means: "retry" after a while, from where the server says it is; "signed-out"; "gone"; or "refused".
export function verdict(status, code = "") {
  if (status === 401 || code === "csrf") return "signed-out";
  if (status === 404 || status === 410) return "gone";
  if (status === null || [408, 409, 423, 429, 460].includes(status)) return "retry";
  return status >= 500 && status !== 507 ? "retry" : "refused";
}

export class Tus {
  constructor({ send, csrf }) {
    this.send = send;
    this.csrf = csrf; // () => the token as it is now
  }

  async create(files_url, { path, size, modified_ms }, { signal } = {}) {
    const metadata = `path ${base64(path)},filename ${base64(path.split("/").at(-1))},modified_ms ${base64(String(modified_ms))}`;
    const headers = { "Upload-Length": String(size), "Upload-Metadata": metadata };
    const answer = await this.#ask("POST", files_url, { headers, signal });
    return { url: answer.header("Location"), offset: Number(answer.header("Upload-Offset") ?? 0) };
  }

  async offset(url, { signal } = {}) {
    return Number((await this.#ask("HEAD", url, { signal })).header("Upload-Offset"));
  }

  async piece(url, offset, body, { onProgress, signal } = {}) {
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    return Number((await this.#ask("PATCH", url, { headers, body, onProgress, signal })).header("Upload-Offset"));
  }

  async remove(url) {
    await this.#ask("DELETE", url, {});
  }

  async json(method, url, body) {
    const headers = { "Content-Type": "application/json" };
    const answer = await this.#ask(method, url, { headers, body: body === undefined ? undefined : JSON.stringify(body) });
    return answer.status === 204 ? null : answer.json();
  }

  async #ask(method, url, { headers = {}, ...rest }) {
    const said = { "Tus-Resumable": "1.0.0", "X-CSRFToken": this.csrf(), ...headers };
    const answer = await this.send({ method, url, headers: said, ...rest });
    if (answer.status >= 200 && answer.status < 300) return answer;
    const { message, code } = answer.json() ?? {};
    throw new TusError(message ?? answered(answer.status), { status: answer.status, code });
  }
}

export function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
