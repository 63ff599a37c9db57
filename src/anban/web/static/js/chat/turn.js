// One turn: the person's words go out, the reply comes in, and neither is lost on the way.

/** `take(anban)` hears what the service says about a turn before the words that came with it are shown; `ended(turn)`
    when the reply is whole. */
export function openTurns({ wire, store, bubbles, composer, speaker, trouble, take, ended, words }) {
  let running = null;

  function stop(reason) {
    running?.abort.abort(reason);
  }

  /** A new message does not wait for an old reply, except where that reply is help in a crisis. */
  async function giveWay() {
    while (running) {
      if (!(running.text && running.crisis)) stop("next");
      await running.done;
    }
  }

  async function receive(turn) {
    let reply = null;
    const show = () => {
      const shown = store.add({ author: speaker.author, decision: turn.about?.decision, text: "" });
      reply = turn.reply = bubbles.add(shown);
      reply.live(true);
    };
    const discard = () => {
      reply?.remove();
      store.drop(reply?.turn);
      reply = turn.reply = null;
    };
    if (speaker.author === "ai") show();
    try {
      for await (const { text, anban } of wire.say(store.messages(), turn.abort.signal)) {
        turn.delivered();
        if (anban) {
          take(anban);
          turn.about = anban;
          turn.crisis = Number((anban.level ?? "L0").slice(1)) >= 3;
          if (anban.author === "human") discard();
          else if (turn.text && !reply) {
            // Nobody has written yet: what came was a line of the service's own.
            show();
            reply.set({ text: turn.text });
          }
          reply?.set({ author: anban.author ?? "ai", decision: anban.decision });
        }
        if (!text) continue;
        turn.text += text;
        if (speaker.author === "human") continue; // shown when whole, unless it came by event before
        if (!reply) show();
        reply.set({ text: reply.turn.text + text });
      }
    } finally {
      reply?.live(false);
      if (!reply?.turn.text) discard();
      store.save();
    }
  }

  function failed(turn, mine, error) {
    if (turn.abort.signal.aborted) {
      if (turn.abort.signal.reason === "stop" && turn.text) turn.reply?.set({ stopped: true });
      turn.delivered();
    } else if (turn.text || !mine) {
      trouble.show(turn.text ? words.cut : words.failed, () => answer(null));
    } else {
      mine.remove();
      store.drop(mine.turn);
      composer.giveBack(mine.turn.text);
      trouble.show(error.busy ? words.busy : words.failed, () => composer.box.form.requestSubmit());
    }
  }

  /** Asks for a reply to what stands in the store; `mine` is the bubble not yet known to have arrived. */
  async function answer(mine) {
    const turn = { abort: new AbortController(), text: "", crisis: false, delivered: () => mine?.set({ pending: false }) };
    turn.done = receive(turn).then(
      () => ended(turn),
      (error) => failed(turn, mine, error),
    );
    running = turn;
    composer.running(true);
    await turn.done;
    if (running !== turn) return;
    running = null;
    composer.running(false);
  }

  return {
    stop,
    async send(text) {
      trouble.clear();
      if (!navigator.onLine) {
        trouble.show(words.offline);
        return;
      }
      const mine = bubbles.add(store.add({ author: "me", text, pending: true }));
      composer.clear();
      await giveWay();
      await answer(mine);
    },
  };
}
