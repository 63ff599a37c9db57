// The editor of words: what is against them stands below while somebody writes; the preview follows a choice at once.
const LOOK_AFTER = 400;
const form = document.querySelector("[data-editor]");

if (form) {
  const list = form.querySelector("[data-found]");
  const names = Object.fromEntries(
    [...document.querySelectorAll("template[data-name]")].map((each) => [each.dataset.name, each.innerHTML]),
  );
  let waiting;
  let looked = 0;

  const item = ({ audience, variant, said, why }) => {
    const line = document.createElement("li");
    const where = document.createElement("b");
    where.textContent = `${names[audience]} ${variant}`;
    line.append(where, " ");
    if (said) {
      const quoted = document.createElement("q");
      quoted.textContent = said;
      line.append(quoted, " ");
    }
    line.append(why);
    return line;
  };

  async function look() {
    const mine = ++looked;
    try {
      const answer = await fetch("/desk/words/findings", {
        method: "POST",
        headers: { accept: "application/json", "x-anban-csrf": form.dataset.csrf },
        body: new URLSearchParams(new FormData(form)),
      });
      if (!answer.ok) return;
      const { findings } = await answer.json();
      if (mine !== looked) return;
      if (findings.length) return list.replaceChildren(...findings.map(item));
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = form.dataset.none;
      list.replaceChildren(none);
    } catch {
      // The words are looked at again before anybody can approve them.
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, LOOK_AFTER);
  });
}

document.querySelector("[data-choose]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
