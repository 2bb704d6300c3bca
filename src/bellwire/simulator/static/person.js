import { post } from "./api.js";
import { avatar, badges, el, reconcile } from "./dom.js";
import { column, places, refresh } from "./surface.js";

const DEEDS = [
  { deed: "install", label: "Install", shown: (person) => !person.installed, primary: true },
  { deed: "uninstall", label: "Uninstall", shown: (person) => person.installed },
  { deed: "block", label: "Block", shown: (person) => !person.blocked },
  { deed: "unblock", label: "Unblock", shown: (person) => person.blocked },
  { deed: "disable", label: "Disable as admin", shown: (person) => !person.disabled },
  { deed: "enable", label: "Allow as admin", shown: (person) => person.disabled },
  { deed: "get-agent", label: "Install agent", shown: (person) => person.agent === "missing" },
  { deed: "lose-agent", label: "Remove agent", shown: (person) => ["installed", "chatting"].includes(person.agent) },
  { deed: "talk-to-agent", label: "Talk to agent", shown: (person) => person.agent === "installed", body: { text: "Hello" } },
  { deed: "leave-agent", label: "End talk with agent", shown: (person) => person.agent === "chatting" },
  { deed: "delete-chat", label: "Delete chat", shown: (person) => person.chat_id !== null },
];

/** One person: who it is, what can be done, and a column for every surface. */
export function personView(person) {
  const title = el("div", { class: "person-head" });
  const surfaces = el("div", { class: "columns", "data-testid": "columns" });
  const view = el("article", { class: "person-view", "data-person": person.aad_object_id, "aria-label": person.name }, title, surfaces);
  refreshPerson(view, person);
  return view;
}

export function refreshPerson(view, person) {
  const possible = DEEDS.filter((deed) => deed.shown(person)).map((deed) => deed.deed);
  const face = [person.state, person.agent, person.region, person.name, ...possible].join("|");
  const title = view.querySelector(".person-head");
  if (title.dataset.face !== face) {
    title.dataset.face = face;
    title.replaceChildren(...head(person));
  }
  const key = (surface) => surface.id ?? surface.kind;
  const make = (surface) => column(person, surface, { compose: true });
  reconcile(view.querySelector(".columns"), places(person), key, make, (section, surface) => refresh(section, person, surface));
}

function head(person) {
  const buttons = DEEDS.filter((deed) => deed.shown(person)).map((deed) => button(person, deed));
  return [
    avatar(person.name, person.state),
    el("div", { class: "who" }, el("h2", {}, person.name, " ", ...badges(person)), el("p", {}, `${person.upn} · ${person.region} · ${person.aad_object_id}`)),
    el("div", { class: "deeds" }, ...buttons),
  ];
}

function button(person, { deed, label, primary, body }) {
  const act = () => post(`people/${person.aad_object_id}/${deed}`, body);
  return el("button", { class: primary ? "button primary" : "button", type: "button", "data-testid": `do-${deed}`, onclick: act }, label);
}
