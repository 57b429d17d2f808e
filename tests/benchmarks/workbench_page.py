"""What the benchmark of the workbench runs in the page: it reads the page's own signs, and the video's pictures."""

from __future__ import annotations

#: from the first moment of every page: when its signs come, what keeps its thread, how often the traces are drawn
WATCH = """
(() => {
  const watched = { signs: {}, draws: 0, long_ms: [], frames: [] };
  window.watched = watched;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) watched.long_ms.push(entry.duration);
  }).observe({ type: "longtask" });
  const read = () => {
    const pane = document.getElementById("pane"), bench = document.getElementById("bench");
    if (Number(pane?.dataset.rows) > 0) watched.signs.trace_ms ??= performance.now();
    if (bench?.dataset.videoTime) watched.signs.frame_ms ??= performance.now();
  };
  new MutationObserver((changes) => {
    watched.draws += changes.filter(({ attributeName }) => attributeName === "data-draw-ms").length;
    read();
  }).observe(document, { subtree: true, attributeFilter: ["data-rows", "data-draw-ms", "data-video-time"] });
  watched.sizes = () => {
    const kb = { app_kb: 0, figures_kb: 0 };
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    for (const { name, initiatorType, encodedBodySize } of entries) {
      const isApp = ["navigation", "script", "link", "css", "other"].includes(initiatorType);
      if (!isApp || /\\/(api|media)\\//.test(name)) continue;
      kb[/plotly/.test(name) ? "figures_kb" : "app_kb"] += encodedBodySize / 1000;
    }
    return { app_kb: Math.round(kb.app_kb), figures_kb: Math.round(kb.figures_kb) };
  };
})();
"""
#: both signs have come
SIGNS = "() => window.watched.signs.trace_ms && window.watched.signs.frame_ms"
#: from the next Enter on: ms until another clip stands there, its traces drawn and its first frame on screen
NEXT_CLIP = """
() => {
  const bench = document.getElementById("bench"), pane = document.getElementById("pane");
  const before = bench.dataset.clipId;
  window.watched.next = new Promise((resolve) => {
    document.addEventListener("keydown", (event) => {
      const look = () => {
        const video = document.querySelector("video.is-shown");
        const isThere = bench.dataset.clipId !== before && bench.dataset.clipId && Number(pane.dataset.rows) > 0
          && bench.dataset.videoTime && !video.seeking && video.readyState >= 3
          && Math.abs(Number(bench.dataset.videoTime) - video.currentTime) < 0.05;
        if (isThere) resolve(performance.now() - event.timeStamp);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { once: true, capture: true });
  });
}
"""
#: what is drawn in some time: frames of the page and of the video a second, and the longest task meanwhile
COUNT_FRAMES = """
async (length_ms) => {
  const video = document.querySelector("video.is-shown");
  let n_page = 0, n_video = 0, isOver = false;
  const seen = () => { n_video += 1; if (!isOver) video.requestVideoFrameCallback(seen); };
  await new Promise((resolve) => setTimeout(resolve, 500));
  window.watched.long_ms.length = 0;
  video.requestVideoFrameCallback(seen);
  const began_ms = performance.now();
  await new Promise((resolve) => {
    const drawn = () => {
      n_page += 1;
      if (performance.now() - began_ms < length_ms) requestAnimationFrame(drawn);
      else resolve();
    };
    requestAnimationFrame(drawn);
  });
  isOver = true;
  const seconds = (performance.now() - began_ms) / 1000;
  const longest_task_ms = Math.max(0, ...window.watched.long_ms);
  return { fps_play: n_page / seconds, fps_video: n_video / seconds, longest_task_ms };
}
"""
#: the wheel turned at every frame, forth and back; redraws of the traces a second
SCROLL = """
async (length_ms) => {
  const overlay = document.getElementById("overlay"), box = overlay.getBoundingClientRect();
  const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, cancelable: true };
  window.watched.draws = 0;
  const began_ms = performance.now();
  await new Promise((resolve) => {
    const turn = () => {
      const elapsed_ms = performance.now() - began_ms;
      const by = Math.floor(elapsed_ms / 2000) % 2 ? -12 : 12;
      overlay.dispatchEvent(new WheelEvent("wheel", { ...at, deltaX: by, deltaY: 0 }));
      if (elapsed_ms < length_ms) requestAnimationFrame(turn); else resolve();
    };
    requestAnimationFrame(turn);
  });
  return window.watched.draws / ((performance.now() - began_ms) / 1000);
}
"""
#: from here on, for every frame of the video: the number on its picture, and where the cursor stands
START_SYNC = """
() => {
  const video = document.querySelector("video.is-shown"), bench = document.getElementById("bench");
  const context = new OffscreenCanvas(16, 2).getContext("2d", { willReadFrequently: true });
  const seen = (at_ms, { mediaTime }) => {
    const { cursorS, videoTime } = bench.dataset;
    const { currentTime, seeking, playbackRate } = video;
    context.drawImage(video, 0, 0, 16, 2);
    const { data } = context.getImageData(0, 0, 16, 2);
    const isBright = (x, y) => data[4 * (16 * y + x)] > 128;
    let number = 0, isClear = true;
    for (let bit = 0; bit < 16; bit += 1) {
      if (isBright(bit, 0)) number += 2 ** bit;
      isClear = isClear && isBright(bit, 0) !== isBright(bit, 1);
    }
    const told = { at_ms, mediaTime, videoTime, currentTime, seeking, playbackRate };
    if (isClear) window.watched.frames.push({ number, cursor_s: Number(cursorS), ...told });
    video.requestVideoFrameCallback(seen);
  };
  video.requestVideoFrameCallback(seen);
}
"""
#: keeps the page's thread
BUSY = "(length_ms) => { const until = performance.now() + length_ms; while (performance.now() < until); }"
