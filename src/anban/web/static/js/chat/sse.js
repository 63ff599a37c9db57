// Reads an event stream from a fetch response.

/** Yields the joined `data:` lines of each event. Unknown fields and comments are passed over. */
export async function* payloads(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (rest + value).split(/\r\n\r\n|\n\n|\r\r/);
      rest = events.pop();
      for (const event of events) {
        const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith("data:"));
        if (lines.length) yield lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // already ended or aborted: nothing is left to cancel
  }
}
