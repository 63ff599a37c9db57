// What the desk sounds like, and what its title says: somebody new waits, somebody got worse, somebody waits too long.

const KEPT = "anban.desk.muted";

function kept() {
  try {
    return localStorage.getItem(KEPT) === "yes";
  } catch {
    return false; // without storage the sound is on
  }
}

/** Two tones, falling for an ordinary ring and rising for one that has waited. Needs a touch of the page first. */
function tones(context, urgent) {
  const begins = context.currentTime + 0.02;
  for (const [number, pitch] of (urgent ? [660, 880, 660, 880] : [880, 660]).entries()) {
    const tone = context.createOscillator();
    const loud = context.createGain();
    const at = begins + number * 0.22;
    tone.type = "sine";
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, at);
    loud.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
    tone.connect(loud).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.22);
  }
}

export function openBell({ button, say, words }) {
  const plain = document.title;
  let context;
  let muted = kept();
  let known;
  let rung = 0;

  function label() {
    button.toggleAttribute("data-muted", muted);
    const text = muted ? button.dataset.off : button.dataset.on;
    button.setAttribute("aria-label", text);
    button.title = text;
  }

  function sound(urgent = false) {
    rung += 1;
    document.documentElement.dataset.rung = String(rung);
    if (!muted && context?.state === "running") tones(context, urgent);
  }

  const wake = () => {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume();
  };
  addEventListener("pointerdown", wake, { capture: true });
  addEventListener("keydown", wake, { capture: true });
  button.addEventListener("click", () => bell.mute());
  label();

  const bell = {
    /** `rings` name what there is to ring for; each rings once. `waiting` stands in the title. */
    ring(rings, waiting) {
      document.title = waiting ? `(${waiting}) ${plain}` : plain;
      const fresh = known ? rings.filter((each) => !known.has(each)) : [];
      known = new Set([...(known ?? []), ...rings]);
      if (!fresh.length) return;
      say(words.new.replace("{number}", waiting));
      sound(fresh.some((each) => each.includes("|4|")));
    },
    turned(_, phase) {
      sound(phase === 2);
    },
    mute() {
      muted = !muted;
      try {
        localStorage.setItem(KEPT, muted ? "yes" : "no");
      } catch {
        // Without storage it holds for this page only.
      }
      label();
      if (!muted) sound();
    },
  };
  return bell;
}
