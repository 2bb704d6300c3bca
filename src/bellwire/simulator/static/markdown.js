import { el } from "./dom.js";

/**
 * The Markdown that is safe in Teams messages on every platform: bold, italic, strikethrough, code, preformatted text,
 * quotes, links, and plain lists. It becomes nodes, never HTML, so nothing that a bot writes can be more than text.
 */
const INLINE =
  /(?<code>`[^`\n]+`)|(?<bold>\*\*(?=\S)[^\n]+?\S?\*\*)|(?<strike>~~(?=\S)[^\n]+?~~)|(?<italic>(?<![\w*])[*_](?=[^\s*_])[^\n*_]+[*_](?!\w))|(?<link>\[[^\]\n]+\]\([^)\s]+\))/u;

export function rendered(text, format = "markdown") {
  const fragment = document.createDocumentFragment();
  if (format !== "markdown" && format !== "extendedmarkdown") {
    fragment.append(...lines(text, (line) => [line]));
    return fragment;
  }
  for (const block of text.split(/(```[\s\S]*?```)/u)) {
    if (block.startsWith("```") && block.length > 6) fragment.append(el("pre", {}, block.slice(3, -3).replace(/^\n/u, "")));
    else blocks(block.replace(/^\n|\n$/gu, "")).forEach((node) => fragment.append(node));
  }
  return fragment;
}

function blocks(text) {
  const nodes = [];
  for (const group of grouped(text.split("\n"))) {
    if (group.kind === "quote") nodes.push(el("blockquote", {}, ...lines(group.text, inline)));
    else if (group.kind === "list") nodes.push(el("ul", {}, ...group.text.split("\n").map((item) => el("li", {}, ...inline(item)))));
    else if (group.text) nodes.push(el("p", {}, ...lines(group.text, inline)));
  }
  return nodes;
}

/** Runs of lines of one kind; an empty line ends a paragraph. */
function grouped(all) {
  const groups = [];
  for (const line of all) {
    const [, quoted] = /^>\s?(.*)$/u.exec(line) ?? [];
    const [, item] = /^[-*]\s+(.*)$/u.exec(line) ?? [];
    const kind = quoted !== undefined ? "quote" : item !== undefined ? "list" : line.trim() ? "text" : "gap";
    const last = groups.at(-1);
    const content = quoted ?? item ?? line;
    if (last && last.kind === kind && kind !== "gap") last.text += `\n${content}`;
    else groups.push({ kind, text: kind === "gap" ? "" : content });
  }
  return groups;
}

function lines(text, render) {
  return text.split("\n").flatMap((line, index) => (index ? [el("br"), ...render(line)] : render(line)));
}

function inline(text) {
  const found = INLINE.exec(text);
  if (!found) return text ? [text] : [];
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  return [...(before ? [before] : []), piece(found[0], found.groups), ...inline(after)];
}

function piece(matched, groups) {
  if (groups.code) return el("code", {}, matched.slice(1, -1));
  if (groups.bold) return el("strong", {}, ...inline(matched.slice(2, -2)));
  if (groups.strike) return el("s", {}, ...inline(matched.slice(2, -2)));
  if (groups.italic) return el("em", {}, ...inline(matched.slice(1, -1)));
  const [, label, address] = /^\[([^\]]+)\]\(([^)]+)\)$/u.exec(matched);
  return link(label, address);
}

/** A link, if it leads to the web or to a mailbox; anything else stays the text that it is. */
export function link(label, address) {
  if (!/^(https?:\/\/|mailto:)/iu.test(address)) return `[${label}](${address})`;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}
