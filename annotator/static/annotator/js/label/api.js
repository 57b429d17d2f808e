// The HTTP contract of the workbench, one function an address. A failure is an ApiError with a sentence for the person.

import { answered } from "../words.js";
import { STRINGS } from "./strings.js";

export class ApiError extends Error {
  // status: null when no answer came at all
  constructor(message, { status = null, code = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Api {
  constructor({ root = "/api/v1", slug, csrfToken }) {
    this.root = root;
    this.slug = slug;
    this.csrfToken = csrfToken;
  }

  claim = () => this.#send("POST", `/studies/${this.slug}/queue/claim`, {});
  task = (clipId) => this.#send("GET", `/clips/${clipId}`);
  submit = (clipId, body) => this.#send("POST", `/clips/${clipId}/submit`, body);
  skip = (clipId, body) => this.#send("POST", `/clips/${clipId}/skip`, body);
  release = (clipId) => this.#send("POST", `/clips/${clipId}/release`, {});
  heartbeat = (clipId) => this.#send("POST", `/clips/${clipId}/heartbeat`, {});
  saveDraft = (clipId, content) => this.#send("PUT", `/clips/${clipId}/draft`, { content });
  correct = (uuid, body) => this.#send("POST", `/labels/${uuid}/correct`, body);
  opinion = (uuid) => this.#send("POST", `/labels/${uuid}/opinion`, {});
  undo = (uuid) => this.#send("POST", `/labels/${uuid}/undo`, {});

  marks = (clipId) => this.#send("GET", `/clips/${clipId}/marks`);
  overview = (clipId) => this.#send("GET", `/clips/${clipId}/overview`);
  markChannel = (clipId, body) => this.#send("POST", `/clips/${clipId}/channel-marks`, body);
  markInterval = (clipId, body) => this.#send("POST", `/clips/${clipId}/interval-marks`, body);
  withdrawInterval = (clipId, uuid) => this.#send("DELETE", `/clips/${clipId}/interval-marks/${uuid}`);

  async tile(url) {
    const response = await this.#fetch(url, { credentials: "same-origin" });
    return response.arrayBuffer();
  }

  async #send(method, path, body) {
    const response = await this.#fetch(this.root + path, {
      method,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": tokenFromCookie(document.cookie) ?? this.csrfToken },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return response.status === 204 ? null : response.json().catch(cutShort);
  }

  async #fetch(address, options) {
    let response;
    try {
      response = await fetch(address, { ...options, signal: AbortSignal.timeout(20_000) });
    } catch {
      throw new ApiError(STRINGS.serverSilent);
    }
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

function cutShort() {
  throw new ApiError(STRINGS.serverSilent);
}

// The cookie's token outlives a new sign-in in another tab; the page's own would be refused then.
export function tokenFromCookie(cookies) {
  return cookies.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? null;
}

async function errorOf(response) {
  const said = await response.json().catch(() => ({}));
  return new ApiError(said.message || answered(response.status), { status: response.status, code: said.code || "" });
}
