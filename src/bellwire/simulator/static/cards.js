import { el } from "./dom.js";
import { rendered } from "./markdown.js";

/* global AdaptiveCards */

const ADAPTIVE = "application/vnd.microsoft.card.adaptive";
const STYLES = ["default", "dark", "light", "accent", "good", "warning", "attention"];

AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  const holder = el("div", {}, rendered(text));
  const [only] = holder.children;
  result.outputHtml = holder.children.length === 1 && only.tagName === "P" ? only.innerHTML : holder.innerHTML;
  result.didProcess = true;
};

/** One attachment: an Adaptive Card as the real renderer shows it, anything else by its name. */
export function card(attachment, act) {
  if (attachment.contentType !== ADAPTIVE) return el("div", { class: "file" }, attachment.name ?? attachment.contentType ?? "file");
  const adaptive = new AdaptiveCards.AdaptiveCard();
  adaptive.hostConfig = new AdaptiveCards.HostConfig(hostConfig());
  adaptive.onExecuteAction = (action) => execute(action, act);
  const box = el("div", { class: "card", "data-testid": "card" });
  try {
    adaptive.parse(attachment.content ?? {});
    const face = adaptive.render();
    box.append(face ?? fallback(attachment));
  } catch {
    box.append(fallback(attachment));
  }
  return box;
}

function fallback(attachment) {
  return el("p", { class: "card-broken" }, attachment.content?.fallbackText ?? "This card cannot be shown.");
}

function execute(action, act) {
  const type = action.getJsonTypeName();
  if (type === "Action.OpenUrl") {
    if (/^https?:\/\//iu.test(action.url ?? "")) window.open(action.url, "_blank", "noopener,noreferrer");
  } else if (type === "Action.Execute") {
    act.press({ type, id: action.id, verb: action.verb, title: action.title, data: action.data });
  } else if (type === "Action.Submit") {
    act.submit(action.data ?? {});
  }
}

function value(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Teams' look, in the page's own colours. */
function hostConfig() {
  const pair = (name) => ({ default: value(name), subtle: value("--text-2") });
  const colours = {
    default: pair("--text"),
    dark: pair("--text"),
    light: pair("--text-2"),
    accent: pair("--brand-text"),
    good: pair("--good"),
    warning: pair("--warn"),
    attention: pair("--bad"),
  };
  const container = (style) => ({ backgroundColor: style === "default" ? "transparent" : value("--panel-2"), foregroundColors: colours });
  return {
    fontFamily: "inherit",
    spacing: { small: 4, default: 8, medium: 14, large: 20, extraLarge: 28, padding: 0 },
    separator: { lineThickness: 1, lineColor: value("--line") },
    fontSizes: { small: 12, default: 14, medium: 15, large: 18, extraLarge: 22 },
    fontWeights: { lighter: 300, default: 400, bolder: 600 },
    imageSizes: { small: 32, medium: 52, large: 100 },
    containerStyles: Object.fromEntries(STYLES.concat("emphasis").map((style) => [style, container(style)])),
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left", showCard: { actionMode: "inline", inlineTopMargin: 12 } },
    factSet: { title: { color: "default", weight: "bolder", maxWidth: 150 }, value: { color: "default" }, spacing: 12 },
    supportsInteractivity: true,
  };
}
