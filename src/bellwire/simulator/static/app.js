import { get, listen, post, soon } from "./api.js";
import { boardView, refreshBoard } from "./board.js";
import { avatar, badge, el, reconcile } from "./dom.js";
import { personView, refreshPerson } from "./person.js";
import { toast } from "./toast.js";

const LISTED = 200;
const ON_BOARD = 48;
const BOARD_LINES = 5;

const main = document.getElementById("main");
const search = document.getElementById("search");
let names = new Map();
let listed = { people: [], total: 0, bot: "Bellwire" };

function chosen() {
  return /^#\/person\/([\w-]+)$/u.exec(location.hash)?.[1] ?? null;
}

async function show() {
  const person = chosen();
  await Promise.all([showPeople(), showCounts(), person ? showPerson(person) : showBoard()]);
  document.body.classList.add("ready");
}

async function showPeople() {
  listed = await get(`people?limit=${LISTED}`);
  names = new Map(listed.people.map((person) => [person.aad_object_id, person.name]));
  const wanted = search.value.trim().toLowerCase();
  const found = listed.people.filter((person) => `${person.name} ${person.upn}`.toLowerCase().includes(wanted));
  const key = (person) => [person.aad_object_id, person.state, person.preview, chosen() === person.aad_object_id].join("|");
  reconcile(document.getElementById("people"), found, key, entry);
  document.querySelector(".everyone").classList.toggle("chosen", chosen() === null);
}

function entry(person) {
  const link = el(
    "a",
    { href: `#/person/${person.aad_object_id}`, "aria-current": chosen() === person.aad_object_id ? "page" : null },
    avatar(person.name, person.state),
    el("span", { class: "entry-name" }, person.name),
    badge(person.state),
    el("span", { class: "entry-preview" }, person.preview ?? person.upn),
  );
  return el("li", { "data-testid": `person-${person.aad_object_id}` }, link);
}

async function showCounts() {
  const counts = await get("counts");
  const throttled = Object.values(counts.exceeded).reduce((sum, count) => sum + count, 0);
  const shown = { accepted: counts.accepted, refused: counts.refused, "over a limit": throttled, "opened in Copilot": counts.opened_in_copilot };
  const pairs = Object.entries(shown).map(([name, count]) => el("div", {}, el("dd", {}, count.toLocaleString()), el("dt", {}, name)));
  document.getElementById("counts").replaceChildren(...pairs);
}

async function showPerson(id) {
  const person = await get(`people/${id}`);
  const view = main.firstElementChild;
  if (view?.dataset.person === id) refreshPerson(view, person);
  else main.replaceChildren(personView(person));
}

async function showBoard() {
  const { people, total } = await get(`people?limit=${ON_BOARD}&surfaces=${BOARD_LINES}`);
  const view = main.firstElementChild;
  if (view?.classList.contains("board")) refreshBoard(view, people, total);
  else main.replaceChildren(boardView(people, total));
}

const update = soon(async () => {
  try {
    await show();
  } catch (error) {
    main.replaceChildren(el("p", { class: "nobody" }, String(error.message)));
  }
});

function heard(event) {
  if (event.event === "accepted" && ["teams", "agent"].includes(event.surface)) toast(listed.bot, names.get(event.person) ?? "someone", event.activity);
  update();
}

function live(on) {
  const mark = document.getElementById("live");
  mark.textContent = on ? "live" : "offline";
  mark.classList.toggle("on", on);
  if (on) update();
}

document.getElementById("newcomer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name } = event.target.elements;
  const person = await post("people", { name: name.value.trim() });
  name.value = "";
  location.hash = `#/person/${person.aad_object_id}`;
});
search.addEventListener("input", update);
addEventListener("hashchange", update);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  main.replaceChildren();
  update();
});
listen(heard, live);
update();
