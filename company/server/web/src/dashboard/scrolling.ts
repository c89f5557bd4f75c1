// A box that holds more than it shows must be reached by the keyboard to be scrolled; one that does not, must not.

import { useEffect, useState, type RefObject } from "react";

interface Reach {
  tabIndex?: 0;
  role?: "group";
  "aria-label"?: string;
}

/** Attributes for the box: focusable and named while it scrolls and holds nothing that takes the focus itself. */
export function useScrolling(box: RefObject<HTMLElement | null>, name: string): Reach {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const seen = box.current;
    if (!seen || typeof ResizeObserver === "undefined") return undefined;
    const measure = () => setOver(seen.scrollWidth > seen.clientWidth + 1 || seen.scrollHeight > seen.clientHeight + 1);
    const resized = new ResizeObserver(measure);
    const watch = () => {
      resized.disconnect();
      resized.observe(seen);
      for (const child of seen.children) resized.observe(child);
    };
    const changed = new MutationObserver(watch);
    changed.observe(seen, { childList: true });
    watch();
    return () => {
      resized.disconnect();
      changed.disconnect();
    };
  }, [box]);
  return over ? { tabIndex: 0, role: "group", "aria-label": name } : {};
}
