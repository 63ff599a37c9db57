// One snapshot after another from the service; the browser comes back by itself, and the page says when it is cut off.

/** Calls `take` with each snapshot for as long as the page lives; `lost` is shown while nothing comes through. */
export function follow({ address, lost, take }) {
  let patience = 1000;
  let missing;

  function heard() {
    clearTimeout(missing);
    missing = undefined;
    lost.hidden = true;
  }

  function open() {
    const source = new EventSource(address);
    source.addEventListener("open", () => {
      patience = 1000;
      heard();
    });
    source.addEventListener("message", (message) => {
      heard();
      take(JSON.parse(message.data));
    });
    source.addEventListener("error", () => {
      missing ??= setTimeout(() => {
        lost.hidden = false;
      }, 2500);
      // The browser reconnects by itself unless it was turned away.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, patience);
      patience = Math.min(patience * 2, 15000);
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  }

  open();
}
