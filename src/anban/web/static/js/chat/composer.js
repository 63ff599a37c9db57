// The box to write in. Its words are kept with every stroke and given back when they could not be sent.

export function openComposer({ form, store, words, onSay, onStop }) {
  const box = form.querySelector("textarea");
  const button = form.querySelector("button");
  const resting = box.placeholder;
  let running = false;
  form.noValidate = true;

  function paint() {
    const stops = running && !box.value.trim();
    button.toggleAttribute("data-stops", stops);
    button.setAttribute("aria-label", stops ? words.stop : button.dataset.send);
    if (!CSS.supports("field-sizing", "content")) box.rows = Math.min(6, box.value.split("\n").length);
  }

  function put(text) {
    box.value = text;
    store.put({ draft: text });
    paint();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (text) onSay(text);
    else if (running) onStop();
  });

  box.addEventListener("keydown", (event) => {
    // Enter while a Chinese word is being composed belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (box.value.trim()) form.requestSubmit();
  });

  box.addEventListener("input", () => {
    store.put({ draft: box.value });
    paint();
  });

  put(store.kept.draft);
  return {
    box,
    clear: () => put(""),
    giveBack: (text) => put(box.value.trim() ? `${text}\n${box.value}` : text),
    running(on) {
      running = on;
      paint();
    },
    left(on) {
      box.placeholder = on ? box.dataset.left : resting;
    },
  };
}
