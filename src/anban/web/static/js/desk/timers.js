// Timers of those who wait: each fills until the second line is called, turns, and turns again when everybody is.

const two = (number) => String(number).padStart(2, "0");

function lasting(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

export function openTimers({ onTurn }) {
  const begun = new WeakMap();

  function paint(node) {
    if (!begun.has(node)) begun.set(node, performance.now() - Number(node.dataset.waited) * 1000);
    const waited = Math.floor((performance.now() - begun.get(node)) / 1000);
    const clock = node.matches("[data-clock]") ? node : node.querySelector("[data-clock]");
    if (clock) clock.textContent = lasting(waited);
    if (!node.classList.contains("waiting")) return;
    const [first, second] = node.dataset.turns.split(" ").map(Number);
    const phase = waited >= second ? 2 : waited >= first ? 1 : 0;
    const before = [0, 1, 2].find((each) => node.classList.contains(`phase-${each}`));
    node.querySelector(".run").setAttribute("stroke-dasharray", `${Math.min(100, (100 * waited) / first).toFixed(1)} 100`);
    if (phase === before) return;
    node.classList.replace(`phase-${before}`, `phase-${phase}`);
    if (phase > before) onTurn(node.dataset.case, phase);
  }

  const all = (root) => root.querySelectorAll("[data-waited]");
  setInterval(() => all(document).forEach(paint), 1000);
  return { anew: (part) => all(part).forEach(paint) };
}
