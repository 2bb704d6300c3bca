import { avatar, badges, el, reconcile } from "./dom.js";
import { column, places, refresh } from "./surface.js";

/** Everyone's surfaces side by side: where a message arrived, and where it did not. */
export function boardView(people, total) {
  const board = el("div", { class: "board", "data-testid": "board" });
  refreshBoard(board, people, total);
  return board;
}

export function refreshBoard(board, people, total) {
  if (people.length === 0) {
    board.replaceChildren(el("p", { class: "nobody" }, "Nobody is here yet. Add someone on the left, or through POST /control/people."));
    return;
  }
  board.querySelector(".nobody")?.remove();
  const more = total > people.length ? [{ aad_object_id: "more", more: total - people.length }] : [];
  reconcile(board, [...people, ...more], (person) => person.aad_object_id, make, update);
}

function make(person) {
  if (person.more) return el("p", { class: "more" }, `and ${person.more.toLocaleString()} more people`);
  const card = el(
    "article",
    { class: "tile", "data-testid": `tile-${person.aad_object_id}`, "aria-label": person.name },
    el("a", { class: "tile-head", href: `#/person/${person.aad_object_id}` }),
    el("div", { class: "panes" }),
  );
  update(card, person);
  return card;
}

function update(card, person) {
  if (person.more) {
    card.textContent = `and ${person.more.toLocaleString()} more people`;
    return;
  }
  const title = card.querySelector(".tile-head");
  const state = [person.state, person.agent].join("|");
  if (title.dataset.state !== state) {
    title.dataset.state = state;
    title.replaceChildren(avatar(person.name, person.state), el("h2", {}, person.name), ...badges(person));
  }
  const shown = places(person).filter((surface) => surface.kind === "teams" || surface.lines.length > 0 || surface.bot_inside);
  const key = (surface) => surface.id ?? surface.kind;
  const makePane = (surface) => column(person, surface, { compose: false });
  reconcile(card.querySelector(".panes"), shown, key, makePane, (section, surface) => refresh(section, person, surface));
}
