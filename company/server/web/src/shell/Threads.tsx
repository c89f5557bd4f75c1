import { useCell } from "../wire/cell";
import { useLive } from "../wire/live";
import type { Thread } from "../wire/types";
import { changesThreads } from "./concern";
import { begin, show, thread } from "./thread";

const NEW = "\n"; // no conversation has this id

/** Chooses a conversation; a dot marks one with something unread. */
export function Threads() {
  const shown = useCell(thread);
  const { data } = useLive<Thread[]>("/threads", { on: changesThreads });
  const known = data ?? [];
  const choose = (id: string) => (id === NEW ? begin() : show(id));
  return (
    <select className="threads" aria-label="Conversation" value={shown} onChange={(event) => choose(event.currentTarget.value)}>
      {!known.some(({ id }) => id === shown) && <option value={shown}>{shown === "main" ? "main" : "new conversation"}</option>}
      {known.map((one) => (
        <option key={one.id} value={one.id}>
          {named(one, one.id !== shown && one.last_seq > one.read_seq)}
        </option>
      ))}
      <option value={NEW}>+ new conversation</option>
    </select>
  );
}

function named({ id, title }: Thread, unread: boolean): string {
  const words = title || id;
  return `${unread ? "● " : ""}${words.length > 40 ? `${words.slice(0, 39)}…` : words}`;
}
