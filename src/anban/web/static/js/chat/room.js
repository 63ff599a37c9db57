// The chat page: finds its parts in the page, joins them, and begins.
import { openBubbles } from "./bubbles.js";
import { openComposer } from "./composer.js";
import { listen } from "./events.js";
import { openHelp } from "./help.js";
import { openNotices } from "./notices.js";
import { openRelayed } from "./relayed.js";
import { openSpeaker } from "./speaker.js";
import { openStore } from "./store.js";
import { openTurns } from "./turn.js";
import { openTrouble } from "./trouble.js";
import { openWire } from "./wire.js";

const at = (id) => document.getElementById(id);
const talk = at("talk");
const words = JSON.parse(talk.dataset.words);
const store = openStore(talk.dataset);
const { user, conversation } = store.kept;
const persona = () => document.querySelector("[name=persona]:checked")?.value;
const wire = openWire({ user, conversation, key: talk.dataset.key, persona });
const trouble = openTrouble(at("trouble"), words);
const bubbles = openBubbles({ talk, list: at("turns"), empty: at("empty"), words });
let left = false;
let lastSent = -Infinity;
const relayed = openRelayed();

function say(text) {
  at("spoken").textContent = text || "";
}

function aside(text) {
  bubbles.add(store.add({ author: "system", text, aside: true }));
  say(text);
}

function rest(on) {
  left = on;
  composer.left(on);
}

/** Leaving comes first: the reply stops, one line is said, the service is told, and the box stays. */
function leave(line) {
  turns.stop("leave");
  trouble.clear();
  wire.leave();
  if (!left) aside(line);
  rest(true);
}

function level(value) {
  help.level(value);
  notices.crisis(Number(value.slice(1)) >= 3);
}

/** The slow-down card stands while money is in danger; beside an open help card it is folded. */
function slow(on, folded) {
  const card = at("slow");
  if (on && (card.hidden || folded)) card.open = !folded;
  card.hidden = !on;
}

function take(anban) {
  if (anban.level) level(anban.level);
  if (anban.property) slow(["P2", "P3"].includes(anban.property), Number((anban.level ?? "L0").slice(1)) >= 2);
  // For an AI the service names the character by its id, which is not for people to read.
  if (anban.author) speaker.set(anban.author, anban.author === "human" ? anban.speaker : "");
  help.routes(anban.help?.lines);
  for (const notice of anban.notices ?? []) show(notice);
}

function show(notice, id = notice.id) {
  if (notice.in_reply) return; // the reply itself says it
  if (notice.kind === "help") help.ask();
  else notices.offer(notice, id);
}

function human(text, name) {
  speaker.set("human", name);
  speaker.typing(false);
  if (!text) return;
  bubbles.add(store.add({ author: "human", speaker: name, text }));
  say(`${words["author.human"]}：${text}`);
}

function ended({ text, about, reply }) {
  if (about?.author === "human") human(relayed.byReply(text), about.speaker);
  else if (text) say(`${words[`author.${reply.turn.author}`]}：${text}`);
}

const speaker = openSpeaker({ line: at("speaker"), mode: at("mode"), typing: at("typing"), words, say });
const composer = openComposer({
  form: at("say"), store, words,
  onStop: () => turns.stop("stop"),
  onSay(text) {
    rest(false);
    lastSent = performance.now();
    relayed.begin();
    turns.send(text);
  },
});
const turns = openTurns({ wire, store, bubbles, composer, speaker, trouble, take, ended, words });
const notices = openNotices({
  dialog: at("notice"), behind: [talk, at("say")], words, ack: wire.ack, leave: () => leave(words.rest), aside,
});
const help = openHelp({
  card: at("help"), lines: at("lines"), openers: document.querySelectorAll("[data-help]"), store, say, words,
  unreached: wire.unreached,
});

at("leave").addEventListener("submit", (event) => {
  event.preventDefault();
  leave(words.left);
});
document.querySelector("[data-new]").addEventListener("click", store.forget);
addEventListener("pagehide", store.save);
addEventListener("offline", () => trouble.show(words.offline));
addEventListener("online", trouble.clear);

for (const turn of store.kept.turns.filter((kept) => kept.pending)) {
  store.drop(turn);
  composer.giveBack(turn.text);
}
for (const turn of store.kept.turns.filter((kept) => kept.text)) bubbles.add(turn, { fresh: false });
for (const field of document.querySelectorAll("[name=conversation]")) field.value = conversation;
level(store.kept.level);
if (store.kept.held) speaker.set("human"); // a reload changes nothing about who is there

listen({
  user, conversation, store,
  on: {
    notice: (notice, event) => show(notice, event.id),
    level: ({ level: value }) => level(value),
    mode: speaker.mode,
    typing({ on }, { late }) {
      if (!late) speaker.typing(on ?? true);
    },
    takeover({ state }) {
      const joined = state === "joined";
      if (!joined) speaker.typing(false);
      if (speaker.author !== (joined ? "human" : "ai")) aside(joined ? words.joined : words.returned);
      speaker.set(joined ? "human" : "ai");
      store.put({ held: joined });
    },
    care({ text }) {
      bubbles.add(store.add({ author: "system", text }));
      say(`${words["author.system"]}：${text}`);
    },
    message: ({ text, speaker: name }) => human(relayed.byEvent(text), name),
    retract(range) {
      bubbles.find(range.decision)?.withdraw(range);
      store.save();
    },
    exit() {
      // A spoken exit is answered in its own reply; an exit on another device needs a line here.
      if (!left && performance.now() - lastSent > 5000) aside(words.left);
      rest(true);
    },
  },
});
