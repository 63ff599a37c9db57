// Who is speaking, and which mode is on.

export function openSpeaker({ line, mode, typing, words, say }) {
  const name = line.querySelector("b");
  const [typingName] = typing.children;
  let timer;

  const speaker = {
    author: "ai",
    /** A change between AI and person is also said aloud. */
    set(author, who) {
      const before = speaker.author;
      speaker.author = author;
      line.dataset.author = author;
      name.textContent = who ? `${words[`speaker.${author}`]} · ${who}` : words[`speaker.${author}`];
      if (author === "human" && before !== "human") say(words.joined);
      if (author === "ai" && before === "human") say(words.returned);
    },
    typing(on = true) {
      clearTimeout(timer);
      typingName.textContent = words.typing;
      typing.hidden = !on;
      if (on) timer = setTimeout(() => speaker.typing(false), 6000);
    },
    mode({ text, why } = {}) {
      mode.hidden = !text;
      mode.querySelector("[data-text]").textContent = text ?? "";
      mode.querySelector("[data-why]").textContent = why ?? "";
    },
  };
  return speaker;
}
