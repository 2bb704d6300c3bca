/** Builds elements. Text only ever becomes text: nothing here takes HTML. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Brings the children of `parent` into the order of `items`, reusing what has the same key. */
export function reconcile(parent, items, key, make, update = () => {}) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    let child = known.get(id);
    if (child) {
      known.delete(id);
      update(child, item);
    } else {
      child = make(item);
      child.dataset.key = id;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
}

const HUES = [262, 205, 172, 24, 340, 292, 142, 45, 225, 8];

/** A person's initials on a colour of their own. */
export function avatar(name, state = null) {
  const words = name.split(/\s+/).filter(Boolean);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "").join("");
  const sum = [...name].reduce((total, letter) => Math.imul(total ^ letter.codePointAt(0), 16777619) >>> 0, 2166136261);
  const circle = el("span", { class: "avatar", "aria-hidden": "true" }, initials.toUpperCase());
  circle.style.setProperty("--hue", HUES[sum % HUES.length]);
  if (state) circle.append(el("span", { class: `dot ${slug(state)}` }));
  return circle;
}

export function botAvatar() {
  return el("img", { class: "avatar", src: "/static/bell.svg", alt: "", width: 32, height: 32 });
}

export function badge(state) {
  return el("span", { class: `badge ${slug(state)}`, "data-testid": "badge" }, state);
}

export function slug(words) {
  return words.replaceAll(" ", "-");
}

export function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** What the person has to do with the bot and, where they have the agent of a flow, with that. */
export function badges(person) {
  const agent = { installed: "has the agent", chatting: "talks to the agent" }[person.agent];
  return agent ? [badge(person.state), badge(agent)] : [badge(person.state)];
}
