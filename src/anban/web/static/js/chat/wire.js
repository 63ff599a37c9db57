// What the page says to the service, and how.
import { payloads } from "./sse.js";

/** The service answered, but not with a reply. */
export class Refused extends Error {
  constructor(status) {
    super(`refused with ${status}`);
    this.busy = status === 429 || status === 503;
  }
}

/** Opens the wire for one person in one conversation. `persona` is asked for at each turn. */
export function openWire({ user, conversation, key, persona }) {
  const headers = () => ({
    "Content-Type": "application/json",
    Authorization: `Bearer ${key}`,
    "X-Anban-User": user,
    "X-Anban-Conversation": conversation,
    "X-Anban-Client": "notices",
    ...(persona() ? { "X-Anban-Persona": persona() } : {}),
  });

  const post = (path, body, more = {}) =>
    fetch(path, { method: "POST", headers: headers(), body: JSON.stringify(body), ...more });

  return {
    /** Yields {text, anban} until the reply is whole; throws when it is not. */
    async *say(messages, signal) {
      const response = await post("/v1/chat/completions", { model: "default", stream: true, messages }, { signal });
      if (!response.ok) throw new Refused(response.status);
      for await (const data of payloads(response)) {
        if (data === "[DONE]") return;
        const chunk = JSON.parse(data);
        if (chunk.error) throw new Refused(503);
        yield { text: chunk.choices?.[0]?.delta?.content ?? "", anban: chunk.anban };
      }
      throw new Error("the stream ended before the reply did");
    },

    /** Leaving is never held up by the network: the request outlives the page and its answer is not waited for. */
    leave() {
      post("/anban/v1/exit", { user, conversation }, { keepalive: true }).catch(() => {});
    },

    /** True when the service took it. */
    async unreached(line) {
      const path = `/anban/v1/helplines/${encodeURIComponent(line)}/feedback`;
      return (await post(path, { user, reached: false })).ok;
    },

    /** Without this word the service puts the notice into its next reply, so a lost one is made good there. */
    ack(id, state) {
      post(`/anban/v1/events/${encodeURIComponent(id)}/ack`, { state }, { keepalive: true }).catch(() => {});
    },
  };
}
