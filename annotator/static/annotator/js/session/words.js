// What lies at a moment of the session, in words: for the line below the overview, and for screen readers.

import { clockText } from "../label/timemap.js";

const perCent = (share) => `${Math.round(100 * share)} %`;
const count = (n, noun) => `${n === 0 ? "no" : n} ${n === 1 ? noun : `${noun}s`}`;

export const clipAt = (clips, session_s) => clips.find((clip) => session_s >= clip.start_s && session_s < clip.stop_s) ?? null;

export function momentText(figure, session_s) {
  const clip = clipAt(figure.clips, session_s);
  return `${clockText(session_s)} · ${[...placeText(figure, session_s, clip), ...gapText(figure, session_s)].join(" · ")}`;
}

function placeText(figure, session_s, clip) {
  const trial = figure.trials.find(({ start_s, stop_s }) => session_s >= start_s && session_s < stop_s);
  const where = [trial ? `trial ${trial.number}${trial.stimulus ? ` (${trial.stimulus})` : ""}` : "outside any trial"];
  if (!clip) return [...where, "no clip here"];
  return [...where, `clip ${clip.number}`, qualityText("EEG", clip.has_eeg, clip.eeg, clip.eeg_faults), qualityText("face", clip.has_face, clip.face, clip.face_faults), ...labelText(clip)];
}

// Who only annotates is not told.
function labelText({ n_labels: n }) {
  return typeof n === "number" ? [count(n, "label")] : [];
}

export function qualityText(name, isThere, quality, faults) {
  if (!isThere) return `no ${name}`;
  if (quality === null) return `${name} not measured`;
  const why = faultsText(faults);
  return `${name} ${perCent(quality)}${why ? `: ${why}` : ""}`;
}

// The worst first.
export function faultsText(faults) {
  return Object.entries(faults).sort((a, b) => b[1] - a[1]).map(([fault, severity]) => `${fault} ${perCent(severity)}`).join(", ");
}

function gapText({ gaps }, session_s) {
  const names = { eeg: "EEG is not recorded here", face: "video is not recorded here" };
  return gaps.filter(({ start_s, stop_s }) => session_s >= start_s && session_s < stop_s).map(({ stream }) => names[stream]);
}

// The frame on screen begins up to this much before the moment that was asked for.
const FRAME_S = 0.05;

// The next clip's start in this direction: where the arrow keys go on the overview.
export function neighbour(clips, session_s, by) {
  const starts = clips.map((clip) => clip.start_s);
  if (by > 0) return starts.find((start_s) => start_s > session_s + FRAME_S) ?? null;
  return starts.findLast((start_s) => start_s < session_s - FRAME_S) ?? null;
}
