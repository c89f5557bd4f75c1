// Who is logged in decides what is shown.

import { useEffect, useState } from "react";

import { useCell } from "../wire/cell";
import { ApiError, loadSession, logIn, session } from "../wire/client";
import { Login } from "./Login";
import { remember, remembered } from "./remembered";
import { Room } from "./Room";
import "./shell.css";

/** The one-time code of the address; it leaves the address before anything else happens. */
export function takeCode(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";
  if (code) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

export function App({ code }: { code: string }) {
  const known = useCell(session);
  const [fault, setFault] = useState("");
  const enter = () => {
    setFault("");
    const entering = code ? logIn({ code }).catch(() => loadSession()) : loadSession();
    entering.catch((error: Error) => {
      const last = error instanceof ApiError && error.status === 0 ? remembered() : null;
      if (last) session.set(last);
      else setFault(error.message);
    });
  };
  useEffect(enter, [code]);
  useEffect(() => {
    const again = () => void loadSession().catch(() => undefined); // whoever asks next says what is wrong
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, []);
  useEffect(() => remember(known), [known]);
  if (known) return <Room person={known.person} />;
  if (known === null) return <Login spent={code !== ""} />;
  return (
    <main className="gate">
      {fault ? (
        <p role="alert">
          {fault}{" "}
          <button type="button" onClick={enter}>
            try again
          </button>
        </p>
      ) : (
        <p role="status">one moment…</p>
      )}
    </main>
  );
}
