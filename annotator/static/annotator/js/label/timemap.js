// The affine map between the video's clock and the session's: session_s = offset_s + (1 + drift) · video_s.

// Views up to this long load samples, longer ones their extremes.
export const SAMPLES_S = 60;

export class TimeMap {
  constructor({ offset_s = 0, drift = 0 } = {}) {
    if (!Number.isFinite(offset_s) || !Number.isFinite(drift) || drift <= -1) {
      throw new RangeError(`time map: expected finite offset_s and drift > -1, got ${offset_s} and ${drift}`);
    }
    this.offset_s = offset_s;
    this.drift = drift;
  }

  toSession(video_s) {
    return this.offset_s + (1 + this.drift) * video_s;
  }

  toVideo(session_s) {
    return (session_s - this.offset_s) / (1 + this.drift);
  }
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// Where playing stops or turns round: the clip's end, or the context's if playing began beyond the clip.
export function boundaryAfter(session_s, clip) {
  return session_s < clip.stop_s ? clip.stop_s : clip.context_stop_s;
}

// The part of the session that the traces show when a clip comes up: all of it with a margin, or a stretch as long as the time base.
export function firstSpan(clip, timebase_s) {
  const length_s = clip.stop_s - clip.start_s;
  if (timebase_s === "clip") return { start_s: clip.start_s - marginOf(clip), stop_s: clip.stop_s + marginOf(clip) };
  const start_s = timebase_s >= length_s ? (clip.start_s + clip.stop_s - timebase_s) / 2 : clip.start_s;
  return { start_s, stop_s: start_s + timebase_s };
}

// What may be seen of a clip's session, with the same margin.
export function boundsOf(clip, { start_s, stop_s }) {
  return { start_s: start_s - marginOf(clip), stop_s: stop_s + marginOf(clip) };
}

// A little on either side, but not so much that a clip of up to a minute would lose its samples.
function marginOf({ start_s, stop_s }) {
  const length_s = stop_s - start_s;
  const room_s = length_s <= SAMPLES_S ? (SAMPLES_S - length_s) / 2 : Infinity;
  return Math.min(length_s * 0.03, room_s);
}

// Ticks at 1, 2 or 5 times a power of ten, relative to the clip's start, at most about one every min_px.
export function timeTicks(span, origin_s, width_px, min_px = 56) {
  const wanted_s = ((span.stop_s - span.start_s) * min_px) / Math.max(width_px, 1);
  const decade = 10 ** Math.floor(Math.log10(wanted_s));
  const step_s = [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= wanted_s * 0.999);
  const ticks = [];
  for (let n = Math.ceil((span.start_s - origin_s) / step_s - 1e-9) + 0; ; n += 1) { // + 0: no −0
    const session_s = origin_s + n * step_s;
    if (session_s > span.stop_s + 1e-9) return { step_s, ticks };
    ticks.push({ session_s, relative_s: n * step_s });
  }
}

// 4.13 → "00:04.13"; negative before the clip.
export function clockText(seconds) {
  const hundredths = Math.round(Math.abs(seconds) * 100);
  const minutes = Math.floor(hundredths / 6000);
  const rest = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
  return `${seconds < -0.005 ? "−" : ""}${String(minutes).padStart(2, "0")}:${rest}`;
}
