// A classic script in the head: sets the theme before the first paint, so that no page flashes.
(function () {
  const KEY = "concord:theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is off: follow the system
    }
  }

  function apply() {
    document.documentElement.dataset.theme = stored() || (dark.matches ? "dark" : "light");
    document.dispatchEvent(new CustomEvent("concord:theme"));
  }

  function toggle() {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, next);
    } catch {
      document.documentElement.dataset.theme = next;
      return;
    }
    apply();
  }

  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) toggle();
  });
})();
