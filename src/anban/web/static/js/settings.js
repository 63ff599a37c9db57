// The two switches each page has beside language: light or dark, ordinary or large type.
const root = document.documentElement;

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage the choice holds for this page only.
  }
}

function label() {
  for (const button of document.querySelectorAll("[data-switch=theme]")) {
    const words = root.dataset.theme === "dark" ? button.dataset.toLight : button.dataset.toDark;
    button.setAttribute("aria-label", words);
    button.title = words;
  }
  for (const button of document.querySelectorAll("[data-switch=size]")) {
    button.textContent = root.dataset.size === "large" ? button.dataset.off : button.dataset.on;
  }
}

const turn = {
  theme() {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    keep("anban.theme", root.dataset.theme);
  },
  size() {
    const large = root.dataset.size !== "large";
    if (large) root.dataset.size = "large";
    else delete root.dataset.size;
    keep("anban.size", large ? "large" : "ordinary");
  },
};

for (const button of document.querySelectorAll("[data-switch]")) {
  button.addEventListener("click", () => {
    turn[button.dataset.switch]();
    label();
  });
}
label();
