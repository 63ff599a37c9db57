// Hands that use no mouse. A letter is a key only where nobody is writing.

const writing = (node) => node.matches("input, textarea, select, [contenteditable]");

export function openKeys({ dialog, views, bell, here }) {
  const cases = () => [...document.querySelectorAll(".cases .case")];

  function move(by) {
    const all = cases();
    const focused = all.indexOf(document.activeElement);
    const at = focused >= 0 ? focused : all.findIndex((each) => each.dataset.case === here);
    const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
    if (next) location.assign(next.href);
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    c: () => document.querySelector("form[data-act=claim] button")?.click(),
    "/": () => {
      views.show("talk");
      document.getElementById("words")?.focus();
    },
    m: () => bell.mute(),
    "?": () => dialog.showModal(),
    ...Object.fromEntries(views.order.map((name, number) => [String(number + 1), () => views.show(name)])),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && writing(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || dialog.open) return;
    const press = keys[event.key];
    if (!press) return;
    event.preventDefault();
    press();
  });
  document.querySelector("[data-keys]").addEventListener("click", () => dialog.showModal());
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-skip]")) return;
    event.preventDefault();
    move(1);
  });
}
