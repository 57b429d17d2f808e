// In which order the rows stand, and what group each belongs to. Pure.

import { isAux, regionOf, sideOf, stackOrder } from "../label/channels.js";

export const ORDERS = ["region", "recorded", "sides"];
const SIDES = ["left", "mid", "right", "aux"];

// rows: channels of a tile. → [{ index, group, mark }] from top to bottom: group tells runs apart, mark names the group ("" has no name).
// The chains of a bipolar montage keep their order whatever is chosen: only there it means something.
export function arranged(rows, order) {
  const indexes = rows.map((_, index) => index);
  if (rows.some((row) => row.group !== undefined)) return indexes.map((index) => chainPlace(rows[index], index));
  return ARRANGERS[order](rows, indexes);
}

const ARRANGERS = {
  region: (rows) => stackOrder(rows).map((index) => place(index, regionOf(rows[index]))),
  recorded: (rows, indexes) => indexes.map((index) => place(index, isAux(rows[index]) ? "aux" : "")),
  sides: (rows, indexes) => {
    const rank = (index) => SIDES.indexOf(sideOf(rows[index]));
    return indexes.sort((a, b) => rank(a) - rank(b) || a - b).map((index) => place(index, sideOf(rows[index])));
  },
};

const place = (index, group) => ({ index, group, mark: group });

function chainPlace(row, index) {
  if (row.group === undefined) return place(index, isAux(row) ? "aux" : "");
  return { index, group: `chain ${row.chain}`, mark: `chain:${row.group}` };
}

// Consecutive places of one group: [{ group, mark, first, count }].
export function runs(places) {
  const found = [];
  places.forEach(({ group, mark }, row) => {
    const last = found.at(-1);
    if (last?.group === group) last.count += 1;
    else found.push({ group, mark, first: row, count: 1 });
  });
  return found;
}
