import { card } from "./cards.js";
import { avatar, botAvatar, clock, el } from "./dom.js";
import { rendered } from "./markdown.js";

/** What a message shows; a change of any of it makes a new bubble. */
export function version(line) {
  return [line.id, line.updated_at, line.deleted_at, line.reactions.join("")].join("|");
}

/** One message: the bot's on the left, the person's own on the right. */
export function bubble(line, owner, act) {
  const own = !line.from_bot && line.author === owner;
  const classes = ["message", own ? "own" : "other", line.from_bot ? "bot" : "person"];
  const state = line.deleted_at ? "deleted" : line.updated_at ? "edited" : null;
  if (state) classes.push(state);
  return el(
    "li",
    { class: classes.join(" "), "data-testid": "bubble", "data-id": line.id, "data-from": line.from_bot ? "bot" : "person" },
    own ? null : line.from_bot ? botAvatar() : avatar(line.author),
    el("div", { class: "said" }, head(line, own, state), body(line, act), reactions(line)),
  );
}

function head(line, own, state) {
  return el(
    "p",
    { class: "head" },
    own ? null : el("strong", {}, line.author),
    el("time", { datetime: line.at, title: new Date(line.at).toLocaleString() }, clock(line.at)),
    state === "edited" ? el("span", { class: "mark" }, "Edited") : null,
    line.importance === "high" || line.importance === "urgent" ? el("span", { class: "mark important" }, "Important!") : null,
  );
}

function body(line, act) {
  if (line.deleted_at) return el("div", { class: "text gone" }, "This message has been deleted.");
  const parts = [];
  if (line.text) parts.push(el("div", { class: "text" }, rendered(line.text, line.from_bot ? line.text_format : "plain")));
  parts.push(...line.attachments.map((attachment) => card(attachment, act)));
  return el("div", { class: "parts" }, ...parts);
}

const SIGNS = { like: "👍", heart: "❤️", laugh: "😆", surprised: "😮", sad: "😢", angry: "😠" };

function reactions(line) {
  if (!line.reactions.length || line.deleted_at) return null;
  return el("p", { class: "reactions", "aria-label": "Reactions" }, ...line.reactions.map((kind) => el("span", { title: kind }, SIGNS[kind] ?? "⭐")));
}
