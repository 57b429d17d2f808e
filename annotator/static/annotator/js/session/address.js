// What the address asks for: `?at_s=12.5` opens the session at that moment of its clock. Pure: text in, seconds or null out.

export function momentOf(search) {
  const text = new URLSearchParams(search).get("at_s");
  const at_s = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(at_s) ? at_s : null;
}
