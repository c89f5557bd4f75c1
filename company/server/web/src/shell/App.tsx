// Who is logged in decides what is shown.

import { useEffect, useState } from "react";

import { useCell } from "../wire/cell";
import { loadSession, logIn, session } from "../wire/client";
import { Login } from "./Login";
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
    entering.catch((error: Error) => setFault(error.message));
  };
  useEffect(enter, [code]);
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
