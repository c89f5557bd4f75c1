// The end of a transcript stays in view while the reader is there, and stays alone when the reader is elsewhere.

import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** Pixels from the end that still count as being there. */
const NEAR = 48;

export interface Scrolling {
  box: RefObject<HTMLDivElement | null>;
  /** The reader is at the end. */
  atEnd: boolean;
  toEnd(): void;
}

/** Watch the box and its first child, the content; `onTop` is called when the reader comes near the beginning. */
export function useScrolling(onTop: () => void): Scrolling {
  const box = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const top = useRef(onTop);
  top.current = onTop;

  const toEnd = useCallback(() => {
    stuck.current = true;
    setAtEnd(true);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let last = element.scrollTop;
    const moved = () => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
      // Content that grew takes nobody away from the end; only moving up does.
      if (near || element.scrollTop < last) stuck.current = near;
      last = element.scrollTop;
      setAtEnd(stuck.current);
      if (element.scrollTop < 2 * NEAR && !stuck.current) top.current();
    };
    const grown = () => void (stuck.current && (element.scrollTop = element.scrollHeight));
    const sizes = new ResizeObserver(grown);
    sizes.observe(element);
    if (element.firstElementChild) sizes.observe(element.firstElementChild);
    element.addEventListener("scroll", moved, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", moved);
    };
  }, []);
  return { box, atEnd, toEnd };
}

/** Keep what is read in its place when something is put before it: `first` names what the content begins with. */
export function useSteadyTop(box: RefObject<HTMLDivElement | null>, first: string): void {
  const drawn = useRef(first);
  // The page still stands as it was drawn before: what the reader sees first is measured now, and again afterwards.
  const read = drawn.current !== first && box.current ? firstSeen(box.current) : undefined;
  useLayoutEffect(() => {
    drawn.current = first;
    if (box.current && read?.element.isConnected) box.current.scrollTop += topOf(read.element) - read.top;
  }, [box, first]);
}

const topOf = (element: Element): number => element.getBoundingClientRect().top;

function firstSeen(box: HTMLElement): { element: Element; top: number } | undefined {
  const edge = topOf(box);
  const element = [...box.querySelectorAll(".run")].find((run) => run.getBoundingClientRect().bottom > edge);
  return element && { element, top: topOf(element) };
}
