// The care desk: joins its parts, and keeps the page live.
import { openActs } from "./acts.js";
import { openBell } from "./bell.js";
import { openCompose } from "./compose.js";
import { openKeys } from "./keys.js";
import { follow } from "./live.js";
import { openParts } from "./parts.js";
import { openTimers } from "./timers.js";
import { openViews } from "./views.js";

const room = document.querySelector("main.room");
const words = JSON.parse(room.dataset.words);
const here = room.dataset.case;
const say = (text) => {
  document.querySelector("[data-spoken]").textContent = text;
};

const bell = openBell({ button: document.querySelector("[data-sound]"), say, words });
const timers = openTimers({ onTurn: bell.turned });
const parts = openParts({ onShown: timers.anew });
const views = openViews(document.body, document.querySelector(".views"));
const acts = openActs({ fault: document.querySelector("[data-fault]"), words, say });
openCompose({ room, csrf: room.dataset.csrf, acts });
openKeys({ dialog: document.getElementById("keys"), views, bell, here });

follow({
  address: here ? `/desk/events?case=${encodeURIComponent(here)}` : "/desk/events",
  lost: document.querySelector("[data-lost]"),
  take(snapshot) {
    if (snapshot.ended) return location.assign(`/desk/login?next=${location.pathname}`);
    parts.show("queue", snapshot.queue);
    for (const [name, html] of Object.entries(snapshot.parts ?? {})) parts.show(name, html);
    document.querySelector("[data-locked]").hidden = !snapshot.locked;
    if (snapshot.locked) for (const name of ["levels", "talk", "compose", "card", "acts", "log"]) parts.empty(name);
    bell.ring(snapshot.rings, snapshot.waiting);
  },
});
