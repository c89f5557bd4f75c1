// The terminal: one conversation, and the prompt below it.

import { useCallback, useEffect, useMemo, useState } from "react";

import { useCell } from "../wire/cell";
import { Announcer } from "./Announcer";
import { cancel } from "./commands/acting";
import { Journal } from "./journal";
import { perform } from "./locals";
import { Prompt } from "./Prompt";
import { send } from "./sending";
import { useShowing } from "./showing";
import "./terminal.css";
import { Transcript } from "./Transcript";

export function Terminal({ thread, person }: { thread: string; person: string }) {
  const journal = useMemo(() => new Journal(thread), [thread]);
  useEffect(() => {
    void journal.open();
    return () => journal.close();
  }, [journal]);
  const log = useCell(journal.log);
  const running = log.runs.findLast((run) => run.state === "running" && run.id)?.id ?? "";

  const submit = (text: string) => {
    if (text.startsWith("/")) void perform(text, { thread, running }, log.known);
    else void send(text, thread, log.known);
  };
  const list = useCallback(() => perform("/approve", { thread, running: "" }, journal.log.get().known), [thread, journal]);
  useShowing(list);
  const [fault, setFault] = useState("");
  const stop = () => void cancel(running).then(() => setFault(""), (error: Error) => setFault(error.message));

  return (
    <section className="terminal" aria-label="Terminal">
      <Transcript key={thread} journal={journal} />
      <Announcer journal={journal} />
      {fault && (
        <p className="line bad" role="alert">
          {fault}
        </p>
      )}
      <Prompt person={person} submit={submit} stop={running ? stop : null} />
    </section>
  );
}
