import { useState } from "react";

import { useLive, type Live } from "../../wire/live";
import type { Agent, Task } from "../../wire/types";
import { When } from "../clocks";
import { count, counted, usd } from "../numbers";
import { Panel } from "../Panel";
import { Badge, type Tone } from "../signs";

const STATES: Record<Agent["state"], { tone: Tone; glyph: string; word: string }> = {
  idle: { tone: "plain", glyph: "○", word: "idle" },
  working: { tone: "good", glyph: "●", word: "working" },
  waiting: { tone: "warn", glyph: "◐", word: "waits for a person" },
  held: { tone: "bad", glyph: "■", word: "held" },
};

export function Agents({ live }: { live: Live<Agent[]> }) {
  return (
    <Panel id="agents" title="Agents" live={live} empty={nothing}>
      {(agents) => (
        <ul className="rows">
          {agents.map((agent) => (
            <li key={agent.id}>
              <AgentRow agent={agent} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const nothing = (agents: Agent[]) => agents.length === 0 && "No role is defined. Each file in roles/ is an agent and stands here.";

function AgentRow({ agent }: { agent: Agent }) {
  const { tone, glyph, word } = STATES[agent.state];
  const { usd: cost, tokens, calls } = agent.today;
  return (
    <>
      <p className="line">
        <strong title={agent.summary}>{agent.title}</strong>
        <Badge tone={tone} glyph={glyph}>
          {word}
        </Badge>
        <span className="number push" title={`${count(tokens)} tokens, ${agent.model}`}>
          {usd(cost)} <span className="second">{counted(calls, "call")} today</span>
        </span>
      </p>
      {agent.held && <p className="note bad">{agent.held}</p>}
      <p className="clip">{agent.task || <span className="later">No task yet. The CEO gives tasks in a cycle or a chat.</span>}</p>
      {agent.last_report && <LastReport agent={agent} />}
      <Tasks agent={agent} />
    </>
  );
}

function LastReport({ agent: { last_report: report } }: { agent: Agent }) {
  if (!report) return null;
  return (
    <p className="note">
      <span className="quote">{report.summary}</span> <span className="second">{report.status}, </span>
      <When at={report.at} clock="wall" />
      {report.tainted && <span className="warn"> · has read untrusted text</span>}
      <Unproven claims={report.unproven} />
      {report.failures.length > 0 && <span className="bad"> · {counted(report.failures.length, "failure")}</span>}
    </p>
  );
}

/** What is said to be done and no receipt shows, with what is missing. */
function Unproven({ claims }: { claims: string[] }) {
  if (!claims.length) return null;
  return (
    <>
      {" "}
      <Badge tone="warn" glyph="?">
        claimed, no receipt: {claims.join(" ")}
      </Badge>
    </>
  );
}

/** The tasks of one role, asked for when it is unfolded. */
function Tasks({ agent }: { agent: Agent }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Tasks<span className="unseen"> of {agent.title}</span>
      </summary>
      {open && <LiveTasks id={agent.id} />}
    </details>
  );
}

function LiveTasks({ id }: { id: string }) {
  return <TaskList live={useLive<Task[]>(`/agents/${encodeURIComponent(id)}/tasks?limit=20`, { every: 20_000 })} />;
}

export function TaskList({ live: { data, error, refresh } }: { live: Live<Task[]> }) {
  if (!data && error) {
    return (
      <p className="bad">
        {error.message}{" "}
        <button type="button" className="link" onClick={refresh}>
          Try again
        </button>
      </p>
    );
  }
  if (!data) return <p className="note">Loading the tasks …</p>;
  if (!data.length) return <p className="note">No task so far.</p>;
  return (
    <ul className="tasks">
      {data.map((task) => (
        <li key={`${task.run} ${task.path}`}>
          <span className="second">{task.run}</span> {task.task} <span className="second">{task.status}, </span>
          <When at={task.finished_at ?? task.begun_at} clock="wall" />
          <Unproven claims={task.unproven} />
        </li>
      ))}
    </ul>
  );
}
