// The one calm line for when something did not get through.

export function openTrouble(place, words) {
  const [line, button] = place.children;
  let retry = null;
  button.textContent = words.retry;
  button.addEventListener("click", () => {
    const again = retry;
    clear();
    again?.();
  });

  function clear() {
    show("");
  }

  function show(text, again = null) {
    line.textContent = text;
    button.hidden = !again;
    retry = again;
  }

  return { show, clear };
}
