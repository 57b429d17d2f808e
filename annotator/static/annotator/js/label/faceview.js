// How the video is looked at: close to the face, or veiled so that whoever passes by sees nobody.

import { clamp } from "./timemap.js";

const PREFERENCES = "concord:face";
const CLOSEST = 6;
// the face takes up to this share of the stage, so that hair, chin and a nod stay in sight
const SHARE = 0.72;

// Where a video of this size lies in the stage: whole, in the middle.
export function fitted(video, stage) {
  const scale = Math.min(stage.width / video.width, stage.height / video.height);
  const width = video.width * scale;
  const height = video.height * scale;
  return { x: (stage.width - width) / 2, y: (stage.height - height) / 2, width, height };
}

// place: [x, y, width, height] of the face, shares of the frame. What moves and enlarges the fitted picture so that the face is in the middle, without showing what lies beside the picture where there is enough of it.
export function zoomTo(place, video, stage) {
  const [x, y, width, height] = place;
  const picture = fitted(video, stage);
  const wanted = Math.min((SHARE * stage.width) / (width * picture.width), (SHARE * stage.height) / (height * picture.height));
  const scale = clamp(wanted, 1, CLOSEST);
  const along = (from, length, middle, room) => {
    const wished = room / 2 - scale * (from + middle * length);
    const first = -scale * from; // the picture begins where the stage does
    const last = room - scale * (from + length);
    return last > first ? (first + last) / 2 : clamp(wished, last, first);
  };
  return {
    scale,
    x: along(picture.x, picture.width, x + width / 2, stage.width),
    y: along(picture.y, picture.height, y + height / 2, stage.height),
  };
}

export class FaceView {
  constructor({ stage, zoom, hide, storage, words }) {
    Object.assign(this, { stage, zoom, hide, storage, words });
    this.preferences = { zoom: false, hide: false, ...read(storage) };
    zoom.addEventListener("click", () => this.toggle("zoom"));
    hide.addEventListener("click", () => this.toggle("hide"));
    new ResizeObserver(() => this.#apply()).observe(stage);
  }

  // The clip's video, null where it has none; place: null where no face is known.
  show(video, place) {
    this.listening?.abort();
    this.listening = new AbortController();
    Object.assign(this, { video, place });
    video?.addEventListener("loadedmetadata", () => this.#apply(), { signal: this.listening.signal });
    this.#apply();
  }

  toggle(name) {
    if (this[name].disabled) return;
    this.preferences = { ...this.preferences, [name]: !this.preferences[name] };
    try {
      this.storage.setItem(PREFERENCES, JSON.stringify(this.preferences));
    } catch {
      // storage is full or off: the choice holds until the page is left
    }
    this.#apply();
  }

  #apply() {
    const { video, place, stage } = this;
    this.zoom.disabled = !video || !place;
    this.zoom.title = video && !place ? this.words.noFace : this.words.zoom;
    this.hide.disabled = !video;
    this.zoom.setAttribute("aria-pressed", String(this.preferences.zoom));
    this.hide.setAttribute("aria-pressed", String(this.preferences.hide));
    stage.classList.toggle("is-veiled", this.preferences.hide);
    if (!video) return;
    const isClose = this.preferences.zoom && place && video.videoWidth > 0 && stage.clientHeight > 0;
    if (!isClose) {
      video.style.transform = "";
      stage.dataset.zoom = "1";
      return;
    }
    const { scale, x, y } = zoomTo(place, { width: video.videoWidth, height: video.videoHeight }, { width: stage.clientWidth, height: stage.clientHeight });
    video.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) scale(${scale.toFixed(4)})`;
    stage.dataset.zoom = scale.toFixed(2);
  }
}

function read(storage) {
  try {
    return JSON.parse(storage.getItem(PREFERENCES)) ?? {};
  } catch {
    return {};
  }
}
