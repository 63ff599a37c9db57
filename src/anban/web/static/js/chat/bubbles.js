// The conversation as it is seen. Words are only ever set as text.

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/** Where the withdrawn part ends: as told, else at the next blank line, else at the end. Counted in characters. */
function withdrawnEnd(letters, { from, to }) {
  if (Number.isInteger(to)) return to;
  const blank = letters.findIndex((letter, at) => at >= from && letter === "\n" && letters[at + 1] === "\n");
  return blank < 0 ? letters.length : blank;
}

export function openBubbles({ talk, list, empty, words }) {
  let stuck = true;
  let shown = [];
  let put = 0;

  // Follows the talk, but never pushes the first words of the latest turn out of sight.
  function follow() {
    const latest = list.lastElementChild;
    if (!stuck || !latest) return;
    talk.scrollTop = Math.min(talk.scrollHeight - talk.clientHeight, latest.offsetTop - 12);
    put = talk.scrollTop;
  }
  talk.addEventListener("scroll", () => {
    if (Math.abs(talk.scrollTop - put) < 2) return;
    stuck = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
  });
  new ResizeObserver(follow).observe(talk);

  /** Shows a turn and returns what can still happen to it. */
  function add(turn, { fresh = true } = {}) {
    empty.hidden = true;
    const item = element("li");
    const mark = element("p", "mark");
    const said = element("div", "said");
    item.append(mark, said);

    function paint() {
      const { author, speaker, text } = turn;
      item.className = `turn ${author}${fresh ? " new" : ""}${turn.pending ? " pending" : ""}`;
      item.dataset.author = author;
      mark.textContent = speaker ? `${words[`author.${author}`]} · ${speaker}` : words[`author.${author}`];
      said.textContent = text;
      if (Number.isInteger(turn.withdrawn)) {
        const letters = Array.from(text);
        const at = turn.withdrawn;
        said.replaceChildren(
          letters.slice(0, at).join(""),
          element("span", "withdrawn", words.withdrawn),
          letters.slice(at).join(""),
        );
      }
      item.querySelector(".after")?.remove();
      if (turn.stopped) item.append(element("p", "after", words.stopped));
      follow();
    }

    paint();
    list.append(item);
    if (turn.author === "me") stuck = true;
    follow();
    const bubble = {
      turn,
      item,
      set(part) {
        Object.assign(turn, part);
        paint();
      },
      live(on) {
        said.toggleAttribute("data-live", on);
        if (on) said.setAttribute("aria-label", words.waiting);
        else said.removeAttribute("aria-label");
      },
      /** Takes the words out of the page, the memory of this tab and so of the next request; says that it did. */
      withdraw(range) {
        const letters = Array.from(turn.text);
        const kept = letters.slice(0, range.from);
        const rest = letters.slice(withdrawnEnd(letters, range));
        bubble.set({ text: kept.concat(rest).join(""), withdrawn: range.from });
      },
      remove() {
        item.remove();
        shown = shown.filter((other) => other !== bubble);
      },
    };
    shown.push(bubble);
    return bubble;
  }

  const last = (author) => shown.findLast(({ turn }) => turn.author === author);
  return {
    add,
    last,
    /** The reply a decision stands behind; without a match, the latest reply of the AI. */
    find: (decision) => shown.findLast(({ turn }) => decision && turn.decision === decision) ?? last("ai"),
  };
}
