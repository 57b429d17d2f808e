// Requests by XMLHttpRequest: fetch can't say how much of a body has left.

import { UPLOAD } from "./strings.js";
import { TusError } from "./tus.js";

export function send({ method, url, headers, body, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = () => reject(new TusError(UPLOAD.silent));
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onProgress) request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => resolve(answerOf(request)));
    request.addEventListener("error", fail);
    request.addEventListener("abort", fail);
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    if (signal?.aborted) fail();
    else request.send(body ?? null);
  });
}

function answerOf(request) {
  return {
    status: request.status,
    header: (name) => request.getResponseHeader(name),
    json: () => {
      try {
        return JSON.parse(request.responseText);
      } catch {
        return null;
      }
    },
  };
}
