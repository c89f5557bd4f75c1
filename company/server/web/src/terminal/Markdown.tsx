// Markdown block by block: closed blocks are drawn once, the open one at most as often as its size allows.

import { memo, useEffect, useLayoutEffect, useReducer, useRef } from "react";

import { Blocks } from "./blocks";
import { CodeBlock } from "./CodeBlock";
import { partsOf, type Part } from "./markdown";
import { Sparkline } from "./Sparkline";

/** Characters more that are drawn in one frame, so that a burst of words does not hold the page. */
const BURST = 800;

/** An open block is drawn again only after so many times what drawing it took. */
const REST = 4;

interface Props {
  text: string;
  /** More may follow. */
  open?: boolean;
}

export const Markdown = memo(function Markdown({ text: whole, open: grows = false }: Props) {
  const text = useRevealed(whole, grows);
  const open = grows || text.length < whole.length;
  const held = useRef<{ text: string; blocks: Blocks }>(undefined);
  if (!held.current || !text.startsWith(held.current.text)) held.current = { text: "", blocks: new Blocks() };
  const { blocks } = held.current;
  if (text !== held.current.text) blocks.take(text);
  held.current.text = text;
  return (
    <div className="md">
      {blocks.closed.map((block, index) => (
        <Block key={index} text={block} />
      ))}
      {open ? <OpenBlock key="open" text={blocks.open} /> : <Block key={blocks.closed.length} text={blocks.open} />}
    </div>
  );
});

/** The text as far as it is drawn in this frame. What was complete from the beginning is drawn at once. */
function useRevealed(text: string, grows: boolean): string {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const length = useRef(grows ? 0 : Infinity);
  if (length.current < text.length) length.current = Math.min(text.length, length.current + BURST);
  useLayoutEffect(() => { // an effect would come after this frame, and so take every second one
    if (length.current >= text.length) return undefined;
    const frame = requestAnimationFrame(again);
    return () => cancelAnimationFrame(frame);
  });
  return text.slice(0, length.current);
}

const Block = memo(function Block({ text }: { text: string }) {
  return <>{partsOf(text).map(shown)}</>;
});

function OpenBlock({ text }: { text: string }) {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const drawn = useRef<Drawn>({ text: "", parts: [], free: 0 });
  if (text !== drawn.current.text && isDue(drawn.current, text)) drawn.current = draw(text);
  useEffect(() => {
    if (text === drawn.current.text) return undefined;
    const timer = setTimeout(again, Math.max(0, drawn.current.free - performance.now()));
    return () => clearTimeout(timer);
  });
  return <>{drawn.current.parts.map(shown)}</>;
}

interface Drawn {
  text: string;
  parts: Part[];
  /** From when on it may be drawn again. */
  free: number;
}

function isDue(drawn: Drawn, text: string): boolean {
  return performance.now() >= drawn.free || !text.startsWith(drawn.text);
}

function draw(text: string): Drawn {
  const began = performance.now();
  const parts = partsOf(text);
  const now = performance.now();
  return { text, parts, free: now + (now - began) * REST };
}

function shown(part: Part, index: number) {
  if (part.kind === "code") return <CodeBlock key={index} language={part.language} text={part.text} />;
  if (part.kind === "spark") return <Sparkline key={index} numbers={part.numbers} />;
  const html = { __html: part.html };
  if (part.kind === "html") return <div key={index} dangerouslySetInnerHTML={html} />;
  return <div key={index} className="scroll-x" tabIndex={0} role="group" aria-label="Table" dangerouslySetInnerHTML={html} />;
}
