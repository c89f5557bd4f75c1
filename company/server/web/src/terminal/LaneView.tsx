// One assignment of one role: folded it says in a line how it stands, open it shows every call.

import { memo, useState } from "react";

import type { Call, Lane } from "../wire/log";
import { Markdown } from "./Markdown";
import { CallCard } from "./CallCard";
import { count, dollars, lasted, whole } from "./words";

export const LaneView = memo(function LaneView({ lane }: { lane: Lane }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={`lane ${lane.state}`} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="role">{lane.role}</span>
        <span className="gist">{gist(lane)}</span>
        {lane.tainted && <span className="chip warn" title="It read text of strangers">untrusted</span>}
        {lane.unproven.length > 0 && <span className="chip warn" title={lane.unproven.join("\n")}>claimed</span>}
        <span className="chip state">{lane.state}</span>
        <span className="took">{lasted(lane.begun, lane.ended)}</span>
      </summary>
      {open && <Work lane={lane} />}
    </details>
  );
});

function Work({ lane }: { lane: Lane }) {
  return (
    <div className="work">
      {lane.task && <p className="task">{lane.task}</p>}
      {lane.items.map((item) =>
        item.kind === "call" ? (
          <CallCard key={item.id} call={item} />
        ) : (
          <p key={item.seq} className={`line ${item.tone}`}>
            {item.text}
          </p>
        ),
      )}
      {lane.summary && <Markdown text={lane.summary} />}
      {[...lane.unproven.map(claimed), ...lane.failures, ...lane.notices].map((text, index) => (
        <p key={index} className="line warn">
          {text}
        </p>
      ))}
      {lane.cost.tokens > 0 && (
        <p className="dim">
          {whole(lane.cost.tokens)} tokens · {dollars(lane.cost.usd)}
        </p>
      )}
    </div>
  );
}

const claimed = (claim: string) => `claimed, no receipt: ${claim}`;

/** At work: the call under way. Done: the first line of the report. */
function gist(lane: Lane): string {
  const calls = lane.items.filter((item): item is { kind: "call" } & Call => item.kind === "call");
  if (lane.state !== "working") return lane.summary.split("\n")[0] || count(calls.length, "call");
  const under = calls.findLast((call) => !call.ended);
  return under ? `${under.tool}…` : calls.length ? "thinking…" : lane.task;
}
