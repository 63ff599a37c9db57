// Acts are forms; with script they are sent without leaving the page, and what was wrong is said where one looks.

/** Sends a form; the answer's body, or `{fault}` in words. */
export async function send(form, address = form.action) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
    if (answer.status === 401) location.assign(`/desk/login?next=${location.pathname}`);
    return await answer.json();
  } catch {
    return { fault: null };
  }
}

export function openActs({ fault, words, say }) {
  function tell(text) {
    fault.textContent = text;
    fault.hidden = !text;
    if (text) say(text);
  }

  function wrong(form, name) {
    for (const field of form.elements) delete field.dataset.wrong;
    const field = name && form.elements[name];
    if (!field?.dataset) return;
    field.dataset.wrong = "yes";
    field.focus();
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-act]");
    if (!form || form.dataset.act === "say") return;
    event.preventDefault();
    const button = event.submitter;
    if (button) button.disabled = true;
    const done = await send(form);
    if (button) button.disabled = false;
    if (!done.go) {
      tell(done.fault ?? words.failed);
      wrong(form, done.field);
      return;
    }
    tell("");
    form.reset();
    for (const each of document.querySelectorAll("details.act[open]")) each.open = false;
    if (done.go !== location.pathname) location.assign(done.go);
  });

  return { tell };
}
