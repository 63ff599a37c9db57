// On a phone one pane at a time; the bar below goes from one to the next.

export function openViews(body, bar) {
  const views = {
    order: ["queue", "talk", "side"],
    show(name) {
      body.dataset.view = name;
      for (const link of bar.children) {
        if (link.dataset.to === name) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    },
  };
  bar.addEventListener("click", (event) => {
    const link = event.target.closest("[data-to]");
    if (!link) return;
    event.preventDefault();
    views.show(link.dataset.to);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[href='#debrief']")) {
      event.preventDefault();
      views.show("side");
      const debrief = document.getElementById("debrief");
      debrief.open = true;
      debrief.querySelector("textarea").focus();
    }
  });
  views.show(body.dataset.view);
  return views;
}
