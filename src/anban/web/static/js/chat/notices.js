// Notices, one at a time, in the order of their weight, and none over a crisis.
const ORDER = ["mode", "break", "reality", "dependence", "ai.first"];
const weight = ({ kind }) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);

// What a button does to the record when the service did not say.
const LEAVING = new Set(["rest", "exit"]);
const CLOSING = new Set(["go-on", "close", "later"]);

// Where a button leads when the service did not say: to one's own pages.
const LEADS = { "name-contact": "/me/setup", "set-limit": "/me#limit", appeal: "/me/appeal" };

function choices(notice, words) {
  const given = (notice.actions ?? []).map((action) => (typeof action === "string" ? { id: action } : action));
  const usual = notice.kind === "break" ? [{ id: "rest" }, { id: "go-on" }] : [{ id: "ok" }];
  return (given.length ? given : usual).map((action) => ({
    href: LEADS[action.id],
    ...action,
    label: action.label ?? words[`${action.id}.button`] ?? words.ok,
  }));
}

/** `ack(id, state)` tells the service, `leave()` is the way out, `aside(text)` says it without a dialog. */
export function openNotices({ dialog, behind, words, ack, leave, aside }) {
  const [title, text, buttons] = dialog.children;
  const met = new Map();
  let waiting = [];
  let current = null;
  let crisis = false;
  let focused = null;

  function tell(entry, state) {
    entry.state = state;
    for (const id of entry.ids) ack(id, state);
  }

  // Not a modal: that would put the AI label and the way out behind it.
  function show() {
    focused = document.activeElement;
    for (const part of behind) part.inert = true;
    dialog.show();
    title.focus();
  }

  function hide() {
    dialog.close();
    for (const part of behind) part.inert = false;
    focused?.focus();
  }

  function close(state) {
    const entry = current;
    current = null;
    hide();
    if (entry) tell(entry, state);
    next();
  }

  function button(action) {
    const node = document.createElement(action.href ? "a" : "button");
    node.textContent = action.label;
    if (action.href?.startsWith("/")) node.href = action.href;
    else node.type = "button";
    node.addEventListener("click", () => {
      close(CLOSING.has(action.id) ? "closed" : "accepted");
      if (LEAVING.has(action.id)) leave();
    });
    return node;
  }

  function next() {
    if (current || crisis || !waiting.length) return;
    waiting.sort((one, other) => weight(one.notice) - weight(other.notice));
    current = waiting.shift();
    const { notice } = current;
    title.textContent = notice.title ?? words[`notice.${notice.kind}`] ?? words.notice;
    text.textContent = notice.text;
    buttons.replaceChildren(...choices(notice, words).map(button));
    show();
    // A frame is only drawn where someone can see it, so "shown" waits for one.
    const entry = current;
    requestAnimationFrame(() => entry === current && dialog.open && tell(entry, "shown"));
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close("closed");
  });

  return {
    /** Takes a notice from a reply or an event; the same notice by both ways is shown once. */
    offer(notice, id = notice.id) {
      const known = met.get(notice.id ?? id);
      if (known) {
        if (known.ids.includes(id)) return;
        known.ids.push(id);
        if (known.state) ack(id, known.state);
        return;
      }
      const entry = { notice, ids: [id], state: "" };
      met.set(notice.id ?? id, entry);
      if (crisis && notice.kind === "ai.first") {
        aside(notice.text);
        tell(entry, "shown");
        return;
      }
      waiting.push(entry);
      next();
    },
    /** While a crisis is being answered nothing opens, and what was open steps back into the line. */
    crisis(on) {
      crisis = on;
      if (on && current) {
        waiting.push(current);
        current = null;
        hide();
      }
      next();
    },
  };
}
