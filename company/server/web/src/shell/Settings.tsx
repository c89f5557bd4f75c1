import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import { disablePush, enablePush, pushState, type PushState } from "../pwa/push";
import { useUpdate } from "../pwa/update";
import { useCell } from "../wire/cell";
import { logOut } from "../wire/client";
import { choose, theme, THEMES, type Theme } from "./theme";

/** What concerns this browser: colours, notifications, a new version, the way out. */
export function Settings() {
  const box = useRef<HTMLDetailsElement>(null);
  const update = useUpdate();
  useEffect(() => {
    const leave = (event: Event) => {
      const inside = event.target instanceof Node && box.current?.contains(event.target);
      if (box.current && !inside) box.current.open = false;
    };
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, []);
  const keys = (event: KeyboardEvent<HTMLDetailsElement>) => {
    if (event.key !== "Escape" || !box.current?.open) return;
    event.preventDefault(); // or it would stop a run
    box.current.open = false;
    box.current.querySelector("summary")?.focus();
  };
  return (
    <>
      {update && (
        <button type="button" className="pill warn" onClick={update}>
          load the new version
        </button>
      )}
      <details className="settings" ref={box} onKeyDown={keys}>
        <summary aria-label="Settings">⚙</summary>
        <div>
          <Colours />
          <Notifications />
          <button type="button" onClick={() => void logOut()}>
            Log out
          </button>
        </div>
      </details>
    </>
  );
}

function Colours() {
  const chosen = useCell(theme);
  return (
    <label>
      Colours
      <select value={chosen} onChange={(event) => choose(event.currentTarget.value as Theme)}>
        {Object.entries(THEMES).map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

const REASONS: { [state in PushState]?: string } = {
  denied: "This browser refuses notifications from here.",
  unavailable: "The server was installed without notifications.",
};

function Notifications() {
  const [state, setState] = useState<PushState>("unsupported");
  const [fault, setFault] = useState("");
  const turn = (change: () => Promise<PushState>) => {
    setFault("");
    change().then(setState, (error: Error) => setFault(error.message));
  };
  useEffect(() => turn(pushState), []);
  if (state === "unsupported") return null;
  return (
    <div>
      {REASONS[state] ? (
        <p className="line dim">{REASONS[state]}</p>
      ) : (
        <label className="check">
          <input type="checkbox" checked={state === "on"} onChange={() => turn(state === "on" ? disablePush : enablePush)} />
          Tell me when an approval waits
        </label>
      )}
      {fault && <p className="line bad">{fault}</p>}
    </div>
  );
}
