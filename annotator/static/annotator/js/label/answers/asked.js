// Which question an unfinished answer is to. Values name answers by their places: a kept one is worth nothing once its
// question has changed, even where it would still fit.

// By key; a draft carries them.
export function marksOf(scheme) {
  return Object.fromEntries(scheme.map((dimension) => [dimension.key, markOf(dimension)]));
}

// A draft of an older version carries none.
export function isAskedAlike(marks, dimension) {
  return !marks || marks[dimension.key] === markOf(dimension);
}

// FNV-1a, 32 bits: the same question gives the same few letters.
function markOf({ kind, title, classes, levels }) {
  let hash = 0x811c9dc5;
  for (const letter of JSON.stringify([kind, title, classes, levels])) {
    hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
