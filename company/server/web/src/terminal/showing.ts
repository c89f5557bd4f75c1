// The dashboard asks to see the card of an approval in the conversation.

import { useEffect } from "react";

declare global {
  interface WindowEventMap {
    "company:show-approval": CustomEvent<{ id: string }>;
  }
}

/** Bring a card into view, after `list` has printed what waits when the conversation does not show it. */
export function useShowing(list: () => Promise<void>): void {
  useEffect(() => {
    const show = async ({ detail }: WindowEventMap["company:show-approval"]) => {
      await painted();
      if (focus(detail.id)) return;
      await list();
      await painted();
      focus(detail.id);
    };
    const asked = (event: WindowEventMap["company:show-approval"]) => void show(event);
    window.addEventListener("company:show-approval", asked);
    return () => window.removeEventListener("company:show-approval", asked);
  }, [list]);
}

function focus(id: string): boolean {
  const cards = document.querySelectorAll<HTMLElement>(`[data-approval="${CSS.escape(id)}"]`);
  const newest = cards[cards.length - 1];
  newest?.scrollIntoView({ block: "center" });
  newest?.focus({ preventScroll: true });
  return newest !== undefined;
}

const painted = () => new Promise<number>(requestAnimationFrame);
