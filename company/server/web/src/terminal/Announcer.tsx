// Says to a screen reader what is complete: an answer, an approval that is asked. Words are not read while they stream.

import { useEffect, useRef, useState } from "react";

import { useCell } from "../wire/cell";
import type { Log } from "../wire/log";
import type { Journal } from "./journal";

/** Characters of an answer that are read out by themselves; the rest is in the log. */
const SAID = 600;

export function Announcer({ journal }: { journal: Journal }) {
  const log = useCell(journal.log);
  const ready = useCell(journal.loading) === "ready";
  const told = useRef<ReadonlySet<string> | null>(null);
  const [said, say] = useState("");
  useEffect(() => {
    const complete = completeOf(log);
    if (told.current && ready) {
      const fresh = [...complete].filter(([name]) => !told.current?.has(name)).map(([, words]) => words);
      if (fresh.length) say(fresh.join(" "));
    }
    told.current = ready ? new Set(complete.keys()) : null;
  }, [log, ready]);
  return (
    <div className="unseen" aria-live="polite">
      {said}
    </div>
  );
}

/** What could be told, by name. */
function completeOf(log: Log): Map<string, string> {
  const complete = new Map<string, string>();
  for (const run of log.runs.slice(-8)) {
    for (const entry of run.entries) {
      if (entry.kind === "message" && entry.from === "ceo" && !entry.open) complete.set(`${run.id} ${entry.id}`, opening(entry.text));
      if (entry.kind !== "approval") continue;
      const asked = log.asked[entry.id];
      if (asked?.state === "open") complete.set(`approval ${entry.id}`, `${entry.id}: ${asked.role} wants ${asked.tool} and waits for you.`);
    }
  }
  return complete;
}

const opening = (text: string): string => (text.length > SAID ? `${text.slice(0, SAID)} … and more` : text);
