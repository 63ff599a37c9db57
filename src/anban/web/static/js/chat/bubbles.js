// The conversation as it is seen. Words are only ever set as text.

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/** What is taken back, counted in characters: from `from`, or all, up to the last paragraph, where the service begins anew. */
function withdrawn(text, from = 0) {
  const letters = Array.from(text);
  const again = Array.from(text.slice(0, Math.max(0, text.lastIndexOf("\n\n")))).length;
  return [letters.slice(0, from).join(""), letters.slice(again > from ? again : letters.length).join("").trimStart()];
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
    let takenBack = null;
    const mark = element("p", "mark");
    const said = element("div", "said");
    item.append(mark, said);

    function paint() {
      const { author, speaker, text } = turn;
      item.className = ["turn", author, turn.aside && "aside", fresh && "new", turn.pending && "pending"].filter(Boolean).join(" ");
      item.dataset.author = author;
      mark.textContent = speaker ? `${words[`author.${author}`]} · ${speaker}` : words[`author.${author}`];
      said.textContent = text;
      if (turn.before !== undefined) said.replaceChildren(turn.before, element("p", "withdrawn", words.withdrawn), text);
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
        if (!on && takenBack) bubble.withdraw(takenBack);
        if (on) said.setAttribute("aria-label", words.waiting);
        else said.removeAttribute("aria-label");
      },
      /** Takes the words out of the page, the memory of this tab and so of the next request; says that it did. */
      withdraw(range) {
        takenBack = range;
        if (said.hasAttribute("data-live")) return; // the event was faster than the last words of the reply
        const [before, text] = withdrawn(turn.text, range.from);
        bubble.set({ before, text });
        takenBack = null;
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
