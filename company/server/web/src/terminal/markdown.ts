// Markdown of a model into HTML that can load nothing and start nothing. The words may repeat what a stranger wrote, so
// they are as hostile as any page: what is not on the list below does not get through, and a link shows where it goes.

import createDOMPurify from "dompurify";
import { Marked, type Token, type Tokens } from "marked";

export type Part =
  | { kind: "html"; html: string }
  | { kind: "table"; html: string }
  | { kind: "code"; language: string; text: string }
  | { kind: "spark"; numbers: number[] };

const TAGS = [
  ..."p br hr h1 h2 h3 h4 h5 h6 blockquote ul ol li dl dt dd table thead tbody tfoot tr th td caption".split(" "),
  ..."a strong em b i u s del ins mark small sub sup code pre kbd samp var abbr q cite".split(" "),
];
const BARE = new RegExp(`</?(?:${TAGS.join("|")})>`, "g");
/** Attributes that hold no address. */
const PLAIN = ["title", "align", "start", "colspan", "rowspan"];
const LINK = /^(?:https?:\/\/|mailto:|#)/i;

const marked = new Marked({
  gfm: true,
  breaks: true, // a line that ends is a line that ends: that is how people and models write to each other
  renderer: {
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    html: ({ text }) => plain(text),
    image: ({ href, text }) => `<a href="${escaped(href)}">image: ${escaped(text || href)}</a>`,
  },
});

const purify = createDOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A") secure(node as HTMLAnchorElement);
});

/** Return HTML that is safe to put on the page. Where only words and bare tags of the list stand, it is so already. */
export function sanitised(html: string): string {
  if (!html.replace(BARE, "").includes("<")) return html;
  return purify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", ...PLAIN],
    ADD_URI_SAFE_ATTR: PLAIN,
    ALLOWED_URI_REGEXP: LINK,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
  });
}

/** Return what one block of markdown is made of. */
export function partsOf(markdown: string): Part[] {
  const parts: Part[] = [];
  for (const token of marked.lexer(markdown)) {
    const part = partOf(token);
    const last = parts.at(-1);
    if (part?.kind === "html" && last?.kind === "html") last.html += part.html;
    else if (part) parts.push(part);
  }
  return parts;
}

function partOf(token: Token): Part | null {
  if (token.type === "space" || token.type === "def") return null;
  if (token.type === "code") return codeOf(token as Tokens.Code);
  const html = sanitised(marked.parser([token]));
  return { kind: token.type === "table" ? "table" : "html", html };
}

function codeOf({ lang, text }: Tokens.Code): Part {
  const language = lang?.split(/\s/)[0] ?? "";
  const numbers = language === "spark" ? numbersOf(text) : null;
  return numbers ? { kind: "spark", numbers } : { kind: "code", language, text };
}

/** The numbers of a `spark` block; null if anything else stands there, and then it is shown as it is. */
export function numbersOf(text: string): number[] | null {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  const numbers = words.map(Number);
  return numbers.length >= 2 && numbers.length <= 1_000 && numbers.every(Number.isFinite) ? numbers : null;
}

/** Keep the tags of the list, bare; every other one is shown as the words it is, and no parser ever sees it. */
function plain(html: string): string {
  return html.replace(/<\/?([a-z][a-z\d]*)\s*\/?>|[<>]/gi, (sign, tag?: string) => (tag && TAGS.includes(tag.toLowerCase()) ? sign : escaped(sign)));
}

function secure(link: HTMLAnchorElement): void {
  const href = link.getAttribute("href") ?? "";
  if (!/^https?:/i.test(href)) return;
  link.setAttribute("rel", "noopener noreferrer nofollow");
  link.setAttribute("target", "_blank");
  const host = hostOf(href);
  if (host && link.textContent?.trim() !== href) link.append(` (${host})`);
}

function hostOf(href: string): string {
  return URL.canParse(href) ? new URL(href).host : "";
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
