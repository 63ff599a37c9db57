// A responder's words come by event and again, joined, as the reply that waited for them. Each is shown once.

const without = (text, start) => text.slice(start.length).replace(/^\n+/, "");

export function openRelayed() {
  let heard = [];
  let told = "";
  return {
    /** A new message is written: what was heard before it will not come with its reply. */
    begin() {
      heard = [];
      told = "";
    },
    /** What of an event's words is new. */
    byEvent(text) {
      if (told.startsWith(text)) {
        told = without(told, text);
        return "";
      }
      heard.push(text);
      return text;
    },
    /** What of a reply's words is new. */
    byReply(text) {
      told = text;
      for (const words of heard) if (told.startsWith(words)) told = without(told, words);
      return told;
    },
  };
}
