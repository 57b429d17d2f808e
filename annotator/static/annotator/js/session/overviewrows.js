// The rows of the overview, from the top: what they show and how high they are. Pure.

const rowsOf = (heights, gap) => {
  let top = gap;
  return heights.map(([key, name, height]) => {
    const row = { key, name, top, height };
    top += height + gap;
    return row;
  });
};

export const TALL_ROWS = rowsOf([["eeg", "EEG", 22], ["face", "face", 22], ["trials", "trials", 12], ["labels", "labels", 12]], 4);

// Beside the traces room is dear; who only annotates is not told how often a clip was answered.
export function compactRows(hasLabels) {
  const rows = [["eeg", "EEG", 11], ["face", "face", 11], ["trials", "trials", 8]];
  return rowsOf(hasLabels ? [...rows, ["labels", "labels", 11]] : rows, 2);
}

export function plotHeight(rows) {
  return rows.at(-1).top + rows.at(-1).height + 3;
}
