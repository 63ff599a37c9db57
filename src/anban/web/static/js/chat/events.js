// What reaches the page outside a reply.

/** Listens for as long as the page lives and calls `on[kind](payload, event)` once for each new event. */
export function listen({ user, conversation, store, on }) {
  let patience = 2000;
  let opened = -Infinity;

  function take(message) {
    const event = JSON.parse(message.data);
    const elsewhere = event.conversation && event.conversation !== conversation;
    // A notice and a level belong to the person; the rest belongs to one conversation.
    if (elsewhere && !["notice", "level"].includes(event.kind)) return;
    if (event.kind === "notice" && ["accepted", "closed"].includes(event.state)) return;
    // What was missed comes at once with the connection; of some things it is then too late to speak.
    event.late = performance.now() - opened < 1000;
    if (store.fresh(event.id)) on[event.kind]?.(event.payload ?? {}, event);
  }

  function open() {
    const query = new URLSearchParams({ user });
    if (store.kept.after) query.set("after", store.kept.after);
    const source = new EventSource(`/anban/v1/events?${query}`);
    source.addEventListener("message", take);
    source.addEventListener("anban", take);
    source.addEventListener("open", () => {
      patience = 2000;
      opened = performance.now();
    });
    source.addEventListener("error", () => {
      // The browser reconnects by itself unless it was turned away.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, patience);
      patience = Math.min(patience * 2, 60000);
    });
  }

  open();
}
