// Where the responder writes: phrases to begin from, the linter while writing, and the person sees that somebody writes.
import { send } from "./acts.js";

const TYPING_EVERY = 4000;
const LOOK_AFTER = 350;

export function openCompose({ room, csrf, acts }) {
  const box = () => document.getElementById("words");
  const draft = `anban.desk.draft.${room.dataset.case}`;
  let told = -Infinity;
  let waiting;
  let looked = 0;

  function keep(text) {
    try {
      if (text) sessionStorage.setItem(draft, text);
      else sessionStorage.removeItem(draft);
    } catch {
      // Without storage a draft lives as long as the page.
    }
  }

  function found(form, findings) {
    const note = form.querySelector("[data-found]");
    note.hidden = !findings.length;
    if (!findings.length) note.querySelector("input").checked = false;
    note.querySelector("ul").replaceChildren(
      ...findings.map(({ piece, why }) => {
        const item = document.createElement("li");
        const quoted = document.createElement("q");
        quoted.textContent = piece;
        item.append(quoted, ` ${why}`);
        return item;
      }),
    );
  }

  async function look(form) {
    if (!box()) return; // the conversation was handed back meanwhile
    const mine = ++looked;
    const body = new URLSearchParams({ csrf, text: box().value, group: form.dataset.group });
    try {
      const answer = await fetch("/desk/lint", { method: "POST", headers: { accept: "application/json" }, body });
      const { findings } = await answer.json();
      if (mine === looked && box()) found(form, findings ?? []);
    } catch {
      // The words are looked at again when they are sent.
    }
  }

  function typing(form) {
    if (performance.now() - told < TYPING_EVERY) return;
    told = performance.now();
    fetch(`/desk/cases/${form.dataset.case}/typing`, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams({ csrf }),
    }).catch(() => {});
  }

  async function say(form) {
    const button = form.querySelector(".write button");
    if (button.disabled || !box().value.trim()) return;
    button.disabled = true;
    const done = await send(form);
    button.disabled = false;
    if (done.go) {
      looked += 1;
      form.reset();
      found(form, []);
      keep("");
      acts.tell("");
      box()?.focus();
      return;
    }
    if (done.findings?.length) found(form, done.findings);
    acts.tell(done.fault ?? JSON.parse(room.dataset.words).failed);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form.compose");
    if (!form || event.target !== box()) return;
    keep(box().value);
    if (box().value.trim()) typing(form);
    form.querySelector("[name=anyway]").checked = false;
    clearTimeout(waiting);
    waiting = setTimeout(look, LOOK_AFTER, form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.compose");
    if (!form) return;
    event.preventDefault();
    say(form);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === box()) {
      event.preventDefault();
      say(box().form);
    }
  });
  document.addEventListener("click", (event) => {
    const phrase = event.target.closest("[data-phrase]");
    if (!phrase) return;
    const area = box();
    area.value = area.value.trim() ? `${area.value.trimEnd()}\n${phrase.textContent}` : phrase.textContent;
    phrase.closest("details").open = false;
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });

  try {
    if (box() && !box().value) box().value = sessionStorage.getItem(draft) ?? "";
  } catch {
    // Without storage there is no draft.
  }
}
