// What lies at a moment of the session, in words: for the line below the overview, and for screen readers.

import { faultName } from "../label/markstrings.js";
import { clockText } from "../label/timemap.js";
import { fill, gettext, ngettext } from "../words.js";

const MOMENT = {
  trial: ({ number, stimulus }) => (stimulus ? fill(gettext("trial %(number)s (%(stimulus)s)"), { number, stimulus }) : fill(gettext("trial %(number)s"), { number })),
  noTrial: gettext("outside any trial"),
  clip: (number) => fill(gettext("clip %(number)s"), { number }),
  noClip: gettext("no clip here"),
  labels: (n) => (n === 0 ? gettext("no labels") : fill(ngettext("%(n)s label", "%(n)s labels", n), { n })),
  streams: { eeg: gettext("EEG"), face: gettext("face") },
  without: { eeg: gettext("no EEG"), face: gettext("no face") },
  unmeasured: { eeg: gettext("EEG not measured"), face: gettext("face not measured") },
  gaps: { eeg: gettext("EEG is not recorded here"), face: gettext("video is not recorded here") },
};

const perCent = (share) => `${Math.round(100 * share)} %`;

export const clipAt = (clips, session_s) => clips.find((clip) => session_s >= clip.start_s && session_s < clip.stop_s) ?? null;

export function momentText(figure, session_s) {
  const clip = clipAt(figure.clips, session_s);
  return `${clockText(session_s)} · ${[...placeText(figure, session_s, clip), ...gapText(figure, session_s)].join(" · ")}`;
}

function placeText(figure, session_s, clip) {
  const trial = figure.trials.find(({ start_s, stop_s }) => session_s >= start_s && session_s < stop_s);
  const where = [trial ? MOMENT.trial(trial) : MOMENT.noTrial];
  if (!clip) return [...where, MOMENT.noClip];
  return [...where, MOMENT.clip(clip.number), qualityText("eeg", clip.has_eeg, clip.eeg, clip.eeg_faults), qualityText("face", clip.has_face, clip.face, clip.face_faults), ...labelText(clip)];
}

// Who only annotates is not told.
function labelText({ n_labels: n }) {
  return typeof n === "number" ? [MOMENT.labels(n)] : [];
}

// stream: "eeg" or "face"
export function qualityText(stream, isThere, quality, faults) {
  if (!isThere) return MOMENT.without[stream];
  if (quality === null) return MOMENT.unmeasured[stream];
  const why = faultsText(faults);
  return `${MOMENT.streams[stream]} ${perCent(quality)}${why ? `: ${why}` : ""}`;
}

// The worst first.
export function faultsText(faults) {
  return Object.entries(faults).sort((a, b) => b[1] - a[1]).map(([fault, severity]) => `${faultName(fault)} ${perCent(severity)}`).join(", ");
}

function gapText({ gaps }, session_s) {
  return gaps.filter(({ start_s, stop_s }) => session_s >= start_s && session_s < stop_s).map(({ stream }) => MOMENT.gaps[stream]);
}

// The frame on screen begins up to this much before the moment that was asked for.
const FRAME_S = 0.05;

// The next clip's start in this direction: where the arrow keys go on the overview.
export function neighbour(clips, session_s, by) {
  const starts = clips.map((clip) => clip.start_s);
  if (by > 0) return starts.find((start_s) => start_s > session_s + FRAME_S) ?? null;
  return starts.findLast((start_s) => start_s < session_s - FRAME_S) ?? null;
}
