// What this tab remembers across a reload: the conversation, the draft, the level, the place in the event stream.
const NAME = "anban.chat";

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(NAME)) ?? {};
  } catch {
    return {}; // switched off or not ours: begin anew
  }
}

/** Opens the store of one person; another person's is dropped. */
export function openStore({ user, conversation, level, after }) {
  const found = read();
  const kept = {
    user, conversation, level, after, turns: [], draft: "", seen: [],
    ...(found.user === user ? found : {}),
  };
  kept.level = level || kept.level || "L0";

  let forgotten = false;

  function save() {
    if (forgotten) return;
    try {
      sessionStorage.setItem(NAME, JSON.stringify(kept));
    } catch {
      // Full or switched off: the page still holds everything until it is closed.
    }
  }

  return {
    kept,
    save,
    put(part) {
      Object.assign(kept, part);
      save();
    },
    add(turn) {
      kept.turns.push(turn);
      save();
      return turn;
    },
    drop(turn) {
      kept.turns = kept.turns.filter((other) => other !== turn);
      save();
    },
    /** True the first time an event id is met. */
    fresh(id) {
      if (kept.seen.includes(id)) return false;
      kept.seen = [...kept.seen, id].slice(-200);
      kept.after = id;
      save();
      return true;
    },
    /** The recent conversation as the model's protocol wants it. */
    messages() {
      return kept.turns
        .filter((turn) => !turn.aside && turn.text)
        .slice(-20)
        .map((turn) => ({ role: turn.author === "me" ? "user" : "assistant", content: [turn.before, turn.text].filter(Boolean).join("\n\n") }));
    },
    forget() {
      forgotten = true;
      sessionStorage.removeItem(NAME);
    },
  };
}
