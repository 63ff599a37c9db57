// Stands in for the service inside the page: replies come from a list, and what the page asked is kept.
(() => {
  const scripted = { replies: [], asked: [], acked: [], left: [], aborted: 0, source: null };
  const real = window.fetch;
  const usual = { text: "我在听。", anban: {} };

  // A reply that is `held` says its text and then nothing, until it is released.
  function stream({ text, anban, last, held, cut }, signal) {
    const bytes = new TextEncoder();
    const chunk = (delta, more = {}) =>
      bytes.encode(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`);
    const about = { decision: "d-1", level: "L0", verdict: "proceed", notices: [], author: "ai", speaker: "", ...anban };
    return new ReadableStream({
      start(sink) {
        signal?.addEventListener("abort", () => {
          scripted.aborted += 1;
          sink.error(signal.reason);
        });
        sink.enqueue(chunk({ role: "assistant", content: "" }, { anban: about }));
        for (const piece of text.match(/[^]{1,3}/g) ?? []) sink.enqueue(chunk({ content: piece }));
        scripted.release = () => {
          if (!cut) sink.enqueue(chunk({}, { anban: { ...about, ...last } }));
          if (!cut) sink.enqueue(bytes.encode("data: [DONE]\n\n"));
          sink.close();
        };
        if (!held) scripted.release();
      },
    });
  }

  async function answer(options) {
    scripted.asked.push({ ...JSON.parse(options.body), headers: options.headers });
    const reply = scripted.replies.shift() ?? usual;
    if (reply.unreachable) throw new TypeError("Failed to fetch");
    if (reply.status) return new Response("{}", { status: reply.status });
    return new Response(stream(reply, options.signal), { headers: { "Content-Type": "text/event-stream" } });
  }

  window.fetch = async (path, options) => {
    const { pathname } = new URL(path, location);
    if (pathname === "/v1/chat/completions") return answer(options);
    const [, id] = pathname.match(/^\/anban\/v1\/events\/(.+)\/ack$/) ?? [];
    if (id) scripted.acked.push([id, JSON.parse(options.body).state]);
    else if (pathname === "/anban/v1/exit") scripted.left.push(JSON.parse(options.body));
    else return real(path, options);
    return new Response(null, { status: 204 });
  };

  window.EventSource = class extends EventTarget {
    static CLOSED = 2;
    constructor(url) {
      super();
      this.url = url;
      scripted.source = this;
    }
  };

  let count = 0;
  scripted.emit = (kind, payload) => {
    count += 1;
    const data = JSON.stringify({ id: count, kind, conversation: "", payload });
    scripted.source.dispatchEvent(new MessageEvent("message", { data }));
  };
  window.scripted = scripted;
})();
