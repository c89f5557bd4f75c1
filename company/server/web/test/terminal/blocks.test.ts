// @vitest-environment node
import { expect, test } from "vitest";

import { Blocks } from "../../src/terminal/blocks";

const TEXT = `# Report

All is **well**.
Second line.

- one
- two

- three

| a | b |
|---|---|
| 1 | 2 |

\`\`\`python
x = 1

# no heading
\`\`\`
After the code.

1. first

   more of the first
2. second

> quote
`;

const cut = (text: string): string[] => {
  const blocks = new Blocks().take(text);
  return [...blocks.closed, blocks.open];
};

test("headings, paragraphs, lists, tables and code are blocks of their own", () => {
  const first = cut(TEXT).map((block) => block.trim().split("\n")[0]);
  expect(first).toEqual(["# Report", "All is **well**.", "- one", "| a | b |", "```python", "After the code.", "1. first", "> quote"]);
});

test("nothing is lost or doubled", () => {
  expect(cut(TEXT).join("\n").replaceAll(/\n+/g, "\n")).toBe(TEXT.replaceAll(/\n+/g, "\n"));
});

test("how the text came does not change the blocks", () => {
  const whole = cut(TEXT);
  for (const size of [1, 2, 3, 7, 50]) {
    const blocks = new Blocks();
    for (let end = size; end < TEXT.length + size; end += size) blocks.take(TEXT.slice(0, end));
    expect([...blocks.closed, blocks.open]).toEqual(whole);
  }
});

test("a closed block stays as it is while more comes", () => {
  const blocks = new Blocks();
  const seen: string[] = [];
  for (let end = 1; end <= TEXT.length; end += 1) {
    blocks.take(TEXT.slice(0, end));
    expect(blocks.closed.slice(0, seen.length)).toEqual(seen);
    seen.splice(0, seen.length, ...blocks.closed);
  }
});

test("a fence inside a fence of more ticks does not end it", () => {
  expect(cut("````\n```\ninside\n```\n````\nafter\n")).toEqual(["````\n```\ninside\n```\n````", "after\n"]);
});

test("code that is not closed yet is open", () => {
  const blocks = new Blocks().take("before\n\n```\nhalf\n\nmore");
  expect(blocks.closed).toEqual(["before\n"]);
  expect(blocks.open).toBe("```\nhalf\n\nmore");
});

test("a long table is cut into tables with the same header", () => {
  const rows = Array.from({ length: 400 }, (_, index) => `| ${index} | value ${index} |`).join("\n");
  const blocks = cut(`| n | v |\n|---|---|\n${rows}\n`);
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) expect(block.startsWith("| n | v |\n|---|---|\n")).toBe(true);
  expect(blocks.join("\n").match(/value \d+/g)).toHaveLength(400);
});

test("a long list is cut between items", () => {
  const blocks = cut(Array.from({ length: 500 }, (_, index) => `${index + 1}. item ${index}`).join("\n"));
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) expect(block).toMatch(/^\d+\. item/);
});
