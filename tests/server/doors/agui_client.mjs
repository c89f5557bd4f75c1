// Talks to a server through @ag-ui/client, unchanged: its own schema and its own verifier judge every event.
// Arguments: folder of node_modules, URL, token, and the turns as JSON: [{text} | {resume}].

import { createRequire } from "node:module";

const [modules, url, token, turns] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { HttpAgent } = load("@ag-ui/client");
const { EventSchemas } = load("@ag-ui/core/schemas");

const agent = new HttpAgent({ url, threadId: "from-node", headers: { Authorization: `Bearer ${token}` } });
const heard = [];
const wrong = [];
for (const [number, turn] of JSON.parse(turns).entries()) {
  const events = [];
  let failure = null;
  if (turn.text) agent.addMessage({ id: `m${number}`, role: "user", content: turn.text });
  const resume = turn.resume?.map((entry) => ({ ...entry, interruptId: agent.pendingInterrupts[0].id }));
  try {
    await agent.runAgent(
      { runId: `node-${number}`, ...(resume ? { resume } : {}) },
      {
        onEvent: ({ event }) => {
          events.push(event);
          const judged = EventSchemas.safeParse(event);
          if (!judged.success) wrong.push({ event, error: judged.error });
        },
      },
    );
  } catch (error) {
    failure = String(error?.message ?? error);
  }
  heard.push({ events, failure, pending: agent.pendingInterrupts });
}
console.log(JSON.stringify({ heard, wrong, messages: agent.messages }));
