// Watches a copy while it is made, and shows the page anew once it is ready.
const bar = document.getElementById("made");
const EVERY = 1000;

async function look() {
  try {
    const answer = await fetch("/me/data/copy", { headers: { accept: "application/json" } });
    if (answer.redirected) return location.reload();
    if (answer.ok) {
      const { state, percent } = await answer.json();
      if (state !== "asked" && state !== "writing") return location.reload();
      bar.value = percent;
    }
  } catch {
    // Out of reach for a moment: looked at again.
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
