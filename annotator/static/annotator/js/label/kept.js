// A list in localStorage that survives a reload; broken or absent it is empty.

export class KeptList {
  // onFull: called when the browser keeps nothing
  constructor(storage, key, onFull) {
    Object.assign(this, { storage, key, onFull });
  }

  read() {
    try {
      const kept = JSON.parse(this.storage.getItem(this.key));
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  write(list) {
    try {
      this.storage.setItem(this.key, JSON.stringify(list));
    } catch {
      this.onFull();
    }
  }
}
