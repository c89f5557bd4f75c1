import { useEffect, useState, type FormEvent } from "react";

import { loadSession, logIn } from "../wire/client";

/** The way in without a session. `spent`: the address had a code, and it did not let in. */
export function Login({ spent }: { spent: boolean }) {
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState(spent ? "This address was used already, or it is too old." : "");
  useEffect(() => {
    const look = () => void (document.hidden || loadSession().catch(() => undefined)); // another tab may have logged in
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  const enter = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setFault("");
    logIn({ password }).catch((error: Error) => setFault(error.message));
  };
  return (
    <main className="gate">
      <h1>The AI company</h1>
      <p>
        Open the address that <code>company login</code> prints on the machine where the company runs.
      </p>
      <form onSubmit={enter}>
        <label htmlFor="password">Or log in with the server's password</label>
        <div className="row">
          <input
            id="password"
            type="password"
            autoComplete="current-password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          <button type="submit" disabled={!password}>
            Log in
          </button>
        </div>
      </form>
      {fault && (
        <p className="line bad" role="alert">
          {fault}
        </p>
      )}
      <p className="dim">
        Without scripts: <a href="/plain">the plain page</a>.
      </p>
    </main>
  );
}
