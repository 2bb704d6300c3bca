import { post } from "./api.js";
import { bubble, version } from "./bubble.js";
import { el, reconcile } from "./dom.js";

const LOOKS = {
  teams: { name: "Teams chat", none: "No Teams chat with the bot yet." },
  copilot: { name: "Copilot in Teams", none: "Never used the bot in this Copilot." },
  m365: { name: "Microsoft 365 Copilot", none: "Never used the bot in this Copilot." },
  agent: { name: "Chat with agent" },
  group: { name: "Group chat" },
  channel: { name: "Channel" },
};
const ICONS = {
  teams: "M5 6h14v9H9l-4 4z",
  copilot: "M12 3l2.2 6.8L21 12l-6.8 2.2L12 21l-2.2-6.8L3 12l6.8-2.2z",
  m365: "M12 3l2.2 6.8L21 12l-6.8 2.2L12 21l-2.2-6.8L3 12l6.8-2.2z",
  agent: "M12 3v3M7 6h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM9 11v2m6-2v2M2.5 11v3m19-3v3",
  group: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm8 0a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM2.5 19a5.5 5.5 0 0 1 11 0zm12.3 0h6.7a5 5 0 0 0-7.6-4.2 7 7 0 0 1 .9 4.2z",
  channel: "M9 4 7.5 20m8-16L14 20M4 9h16M3.5 15h16",
};

export function icon(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon ${kind}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[kind]);
  svg.append(path);
  return svg;
}

/** The three places that everyone could have, whether they have them or not, then those that some have. */
export function places(person) {
  const own = ["teams", "copilot", "m365"].map(
    (kind) => person.surfaces.find((surface) => surface.kind === kind) ?? { kind, id: null, title: LOOKS[kind].name, lines: [] },
  );
  return [...own, ...person.surfaces.filter((surface) => !own.some((place) => place.kind === surface.kind))];
}

/** A column with one conversation: what was said, and (with `compose`) a box to say more. */
export function column(person, surface, { compose }) {
  const list = el("ol", { class: "messages", tabindex: "0", "aria-label": `Messages, ${surface.title}` });
  const id = el("span", { class: "chat-id" });
  const section = el(
    "section",
    { class: `surface ${surface.kind}`, "data-testid": `surface-${surface.kind}`, "aria-label": `${surface.title} of ${person.name}` },
    el("header", {}, icon(surface.kind), el("h3", {}, surface.title), id),
    list,
    compose ? composer(person, surface) : null,
  );
  refresh(section, person, surface);
  return section;
}

/** Shows what is new in it, and stays at the end if it was there. */
export function refresh(section, person, surface) {
  const list = section.querySelector(".messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const id = section.querySelector(".chat-id");
  id.textContent = surface.id ?? "";
  id.title = surface.id ?? "";
  section.classList.toggle("empty", surface.lines.length === 0);
  const deeds = actions(person, surface);
  reconcile(list, surface.lines, version, (line) => bubble(line, person.name, deeds(line)));
  list.dataset.hint = surface.id ? "Nothing was said here yet." : LOOKS[surface.kind].none;
  // A column that is not in the page yet has no height: its end is where it will be at the next frame.
  if (atEnd) requestAnimationFrame(() => list.scrollTo(0, list.scrollHeight));
}

function actions(person, surface) {
  const act = (deed, body) => post(`people/${person.aad_object_id}/${deed}`, body);
  return (line) => ({
    press: (action) => act("press", { message_id: line.id, action, on: surface.id }),
    submit: (data) => act("say", { text: "", on: surface.id, patch: { text: null, attachments: null, value: data, replyToId: line.id } }),
  });
}

function composer(person, surface) {
  const input = el("input", {
    name: "text",
    placeholder: surface.kind === "agent" ? "Type a message to the agent" : "Type a message to the bot",
    "aria-label": `Message to the bot, ${surface.title}`,
    autocomplete: "off",
    "data-testid": `compose-${surface.kind}`,
  });
  const on = () => surface.id ?? surface.kind;
  const agent = surface.kind === "agent";
  const form = el("form", { class: "composer" }, input, el("button", { class: "send", type: "submit", "aria-label": "Send" }, sendIcon()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    await (agent ? post(`people/${person.aad_object_id}/talk-to-agent`, { text }) : post(`people/${person.aad_object_id}/say`, { text, on: on() }));
  });
  return form;
}

function sendIcon() {
  const svg = icon("teams");
  svg.firstChild.setAttribute("d", "M3 4l18 8-18 8 3-8zm3 8h8");
  svg.setAttribute("class", "icon plain");
  return svg;
}
