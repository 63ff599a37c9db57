// The parts of the page that the service keeps anew. What somebody is typing in them, has opened or focused, stays.

const fieldKey = (field) => `${field.form?.getAttribute("action")} ${field.name} ${field.type === "radio" ? field.value : ""}`;
const openKey = (details) => details.querySelector("summary")?.textContent.trim();

/** What people did to a part, to be put back after the part is replaced. */
function kept(part) {
  const fields = new Map();
  for (const field of part.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    fields.set(fieldKey(field), field.type === "checkbox" || field.type === "radio" ? field.checked : field.value);
  }
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  return {
    fields,
    unfolded: new Map([...part.querySelectorAll("details")].map((each) => [openKey(each), each.open])),
    focus: active?.dataset.case ?? active?.id,
    selection: active?.selectionStart,
    top: part.scrollTop,
  };
}

function putBack(part, was) {
  for (const field of part.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const value = was.fields.get(fieldKey(field));
    if (typeof value === "boolean") field.checked = value;
    else if (value) field.value = value;
  }
  for (const each of part.querySelectorAll("details")) {
    if (was.unfolded.has(openKey(each))) each.open = was.unfolded.get(openKey(each));
  }
  if (was.focus) {
    const again = part.querySelector(`[data-case="${CSS.escape(was.focus)}"], #${CSS.escape(was.focus)}`);
    again?.focus({ preventScroll: true });
    if (again?.setSelectionRange && was.selection !== undefined) again.setSelectionRange(was.selection, was.selection);
  }
  part.scrollTop = was.top;
}

export function openParts({ onShown }) {
  const shown = new Map();
  const found = (name) => document.querySelector(`[data-part="${name}"]`);
  const talk = found("talk");
  let stuck = true;
  let put = 0;

  // The conversation follows its last words, unless somebody went up to read.
  function down() {
    if (!talk || !stuck) return;
    talk.scrollTop = talk.scrollHeight;
    put = talk.scrollTop;
  }
  talk?.addEventListener("scroll", () => {
    if (Math.abs(talk.scrollTop - put) > 2) stuck = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
  });
  if (talk) new ResizeObserver(down).observe(talk);

  return {
    /** Shows a part as the service made it (escaped there), unless it already stands like this. */
    show(name, html) {
      const part = found(name);
      if (!part || shown.get(name) === html) return;
      const was = kept(part);
      const again = shown.has(name) || !part.dataset.empty;
      shown.set(name, html);
      delete part.dataset.empty;
      part.innerHTML = html;
      if (again) putBack(part, was);
      if (part === talk) down();
      onShown(part);
    },
    empty(name) {
      const part = found(name);
      if (!part || part.dataset.empty) return;
      part.dataset.empty = "yes";
      shown.delete(name);
      part.replaceChildren();
    },
  };
}
