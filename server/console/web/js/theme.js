// Sets the theme before anything is drawn: what was chosen, or what the system prefers.
(() => {
  const root = document.documentElement;
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const read = () => { try { return localStorage.getItem("tailrace.theme"); } catch { return null; } };
  const apply = () => {
    const chosen = read();
    root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : prefers.matches ? "dark" : "light";
    root.dispatchEvent(new CustomEvent("themechange"));
  };
  prefers.addEventListener("change", apply);
  globalThis.tailraceTheme = {
    chosen: () => read() || "system",
    choose(theme) {
      try { theme === "system" ? localStorage.removeItem("tailrace.theme") : localStorage.setItem("tailrace.theme", theme); } catch { /* private mode */ }
      apply();
    },
  };
  apply();
})();
