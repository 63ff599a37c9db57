// Sets theme and type size before the first paint, so that the page does not flash.
(() => {
  const root = document.documentElement;
  const night = matchMedia("(prefers-color-scheme: dark)");
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage can be switched off; the page then follows the system
    }
  };
  const paint = () => {
    root.dataset.theme = kept("anban.theme") ?? (night.matches ? "dark" : "light");
    if (kept("anban.size") === "large") root.dataset.size = "large";
  };
  root.classList.add("scripted");
  night.addEventListener("change", paint);
  paint();
})();
