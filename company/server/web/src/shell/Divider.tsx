import { useEffect, useState, type KeyboardEvent, type PointerEvent } from "react";

const KEY = "company.split";
const LEAST = 25;
const MOST = 75;
const STEP = 2;

/** Says how much of the width the terminal has; pulled with a pointer or moved with the arrow keys. */
export function Divider() {
  const [share, setShare] = useState(() => within(Number(localStorage.getItem(KEY)) || 50));
  useEffect(() => {
    document.documentElement.style.setProperty("--split", `${share}%`);
    localStorage.setItem(KEY, String(share));
  }, [share]);
  const pull = (event: PointerEvent<HTMLElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) setShare(within((event.clientX / innerWidth) * 100));
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -100, End: 100 }[event.key as "Home"];
    if (step === undefined) return;
    event.preventDefault();
    setShare(within(share + step));
  };
  return (
    <div
      className="divider"
      role="separator"
      tabIndex={0}
      aria-label="Width of the terminal"
      aria-orientation="vertical"
      aria-valuenow={share}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={pull}
      onKeyDown={keys}
    />
  );
}

const within = (share: number): number => Math.round(Math.min(MOST, Math.max(LEAST, share)));
