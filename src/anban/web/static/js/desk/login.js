// In a demonstration the page shows the code that stands now; it is asked for again before it grows old.
const standing = document.getElementById("standing");

async function renew() {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    standing.textContent = page.getElementById("standing")?.textContent ?? standing.textContent;
  } catch {
    // The next try may get through; the form works without it.
  }
}

if (standing) setInterval(renew, 15_000);
