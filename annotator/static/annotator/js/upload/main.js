// The entry: what is chosen goes to the server, and when all of it is there the import begins.

import { tokenFromCookie } from "../label/api.js";
import { Engine } from "./engine.js";
import { addSample, entriesOf, itemsOf, merge, rateOf, tooLarge, totalsOf, uploadToResume } from "./plan.js";
import { UPLOAD } from "./strings.js";
import { Tus } from "./tus.js";
import { View } from "./view.js";
import { send } from "./xhr.js";

const root = document.getElementById("upload");
const config = JSON.parse(document.getElementById("upload-config").textContent);
const tus = new Tus({ send, csrf: () => tokenFromCookie(document.cookie) ?? root.dataset.csrf });
const view = new View(root);

let entries = [];
let items = [];
let unfinished = [];
let upload = null;
let engine = null;
let samples = [];

function draw(item = null) {
  const totals = totalsOf(items);
  samples = addSample(samples, performance.now(), totals.sent);
  if (item) view.showItem(item);
  view.showTotal(totals, { status: engine?.status ?? "ready", bytes_s: rateOf(samples) });
}

async function choose(files) {
  if (engine?.status === "sending") return view.tell("warning", UPLOAD.pauseFirst);
  const { entries: more, nHidden } = entriesOf(files);
  entries = merge(entries, more);
  const problem = tooLarge(entries, config.max_bytes);
  view.tell(problem ? "error" : "info", problem || (nHidden ? UPLOAD.hidden(nHidden) : ""));
  view.start.disabled = Boolean(problem);
  await refresh();
  upload = uploadToResume(unfinished, entries) ?? upload;
  showOthers();
  ({ items } = itemsOf(entries, upload));
  engine = null;
  samples = [];
  view.showFiles(items);
  return draw();
}

async function refresh() {
  unfinished = await tus.json("GET", config.uploads).catch(() => unfinished);
  if (upload) upload = unfinished.find((one) => one.id === upload.id) ?? null;
  showOthers();
}

function showOthers() {
  view.showUnfinished(unfinished.filter((one) => one.id !== upload?.id && one.files.length), { onDiscard: discardOther });
}

async function discardOther(other) {
  await tus.json("DELETE", other.url).catch((error) => view.tell("error", error.message));
  await refresh();
}

async function start() {
  view.tell("info", "");
  try {
    if (engine === null) await prepare();
    samples = [];
    await engine.run();
    if (engine.status === "done") await beginImport();
    else if (engine.status === "signed-out") view.tell("warning", UPLOAD.signedOut);
    else if (engine.status === "refused") view.tell("error", engine.text);
  } catch (error) {
    view.tell("error", error.message);
  }
}

async function prepare() {
  upload ??= await tus.json("POST", config.uploads);
  const planned = itemsOf(entries, upload);
  items = planned.items;
  for (const stray of planned.strays) await tus.remove(stray.url);
  view.showUnfinished([], {});
  view.showFiles(items);
  engine = new Engine({ tus, files_url: upload.files_url, items, onChange: draw });
}

async function beginImport() {
  await tus.json("POST", `${upload.url}/import`, { layout: view.layout.value });
  window.removeEventListener("beforeunload", warn);
  window.location.assign(config.sessions);
}

async function discard() {
  engine?.pause();
  if (upload) await tus.json("DELETE", upload.url).catch((error) => view.tell("error", error.message));
  entries = [];
  items = [];
  upload = null;
  engine = null;
  view.tell("info", "");
  view.showFiles(items);
  await refresh();
}

// Leaving costs nothing but the time: what has come in is kept. Said all the same, as browsers do.
function warn(event) {
  if (engine?.status === "sending") event.preventDefault();
}

view.listen({ onFiles: choose, onStart: start, onPause: () => engine?.pause(), onDiscard: discard });
window.addEventListener("online", () => engine?.networkReturned());
window.addEventListener("beforeunload", warn);
await refresh();
root.dataset.ready = "true";
