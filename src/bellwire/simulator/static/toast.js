import { botAvatar, el } from "./dom.js";

const SHOWN = 3;
const SECONDS = 6;

/** What the person's screen would pop up: the summary, else the text, else what Teams says of a bare card. */
export function toast(bot, name, activity) {
  const area = document.getElementById("toasts");
  const words = activity.summary ?? activity.text ?? "Sent a card";
  const box = el(
    "div",
    { class: "toast", "data-testid": "toast" },
    botAvatar(),
    el("div", {}, el("p", { class: "toast-head" }, el("strong", {}, bot), ` to ${name}`), el("p", { class: "toast-text" }, words)),
  );
  area.append(box);
  while (area.children.length > SHOWN) area.firstElementChild.remove();
  setTimeout(() => box.remove(), SECONDS * 1000);
}
