// The help card: there for anyone who asks; from level L2 on it may be folded and cannot be sent away.

function row({ id, name, number, hours }, words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `tel:${String(number).replace(/[^\d+]/g, "")}`;
  for (const [kind, text] of [["b", number], ["span", name], ["small", hours]]) {
    if (!text) continue;
    const part = document.createElement(kind);
    part.textContent = text;
    link.append(part);
  }
  item.append(link);
  if (id) {
    item.dataset.line = id;
    const failed = document.createElement("button");
    failed.type = "button";
    failed.className = "link failed";
    failed.dataset.failed = "";
    failed.textContent = words["help.failed"];
    item.append(failed);
  }
  return item;
}

export function openHelp({ card, lines, openers, store, say, words, unreached }) {
  const needed = () => Number(store.kept.level.slice(1)) >= 2;
  card.toggleAttribute("data-needed", needed());
  if (needed()) card.open = !store.kept.folded;

  card.addEventListener("toggle", () => {
    store.put({ folded: !card.open });
    if (!card.open && !needed()) card.removeAttribute("data-asked");
  });

  /** A line that did not answer moves to the end at once; the service remembers it for a while. */
  lines.addEventListener("click", async (event) => {
    const pressed = event.target.closest("[data-failed]");
    if (!pressed) return;
    const item = pressed.closest("li");
    pressed.disabled = true;
    const taken = await unreached(item.dataset.line).catch(() => false);
    if (!taken) {
      pressed.disabled = false;
      say(words["help.unnoted"]);
      return;
    }
    const note = document.createElement("span");
    note.className = "noted";
    note.tabIndex = -1;
    note.textContent = words["help.noted"];
    pressed.replaceWith(note);
    lines.append(item);
    note.focus();
    say(words["help.noted"]);
  });

  function ask() {
    card.setAttribute("data-asked", "");
    card.open = true;
  }

  for (const opener of openers) {
    opener.addEventListener("click", (event) => {
      event.preventDefault();
      ask();
      card.querySelector("summary").focus();
    });
  }

  return {
    ask,
    /** Two routes or more replace the page's own; fewer never do. */
    routes(found) {
      if (found?.length >= 2) lines.replaceChildren(...found.map((line) => row(line, words)));
    },
    /** The person's level, not the turn's: it stays up between turns and comes down when the service says so. */
    level(level) {
      const before = Number(store.kept.level.slice(1));
      const now = Number(level.slice(1));
      store.put({ level });
      card.toggleAttribute("data-needed", needed());
      if (now >= 2 && now > before) {
        card.open = true;
        say(words["help.shown"]);
      }
      if (!needed() && !card.hasAttribute("data-asked")) card.open = false;
    },
  };
}
