// How a tab reaches the hub: a shared worker; without one, the tab that holds a lock runs the hub for all; without
// locks, each tab runs its own.

import { Hub, type FromHub, type ToHub } from "./hub";
import { browser } from "./stream";

const NAME = "company-stream";

export interface Link {
  send(message: ToHub): void;
}

export function connect(receive: (message: FromHub) => void): Link {
  if (typeof SharedWorker === "function") return shared(receive);
  if (typeof BroadcastChannel === "function" && navigator.locks) return led(receive);
  return alone(receive);
}

function shared(receive: (message: FromHub) => void): Link {
  const worker = new SharedWorker(new URL("./stream.worker.ts", import.meta.url), { type: "module", name: NAME });
  let link: Link = { send: (message) => worker.port.postMessage(message) };
  worker.port.onmessage = ({ data }: MessageEvent<FromHub>) => receive(data);
  worker.onerror = () => {
    link = alone(receive); // the worker's file did not load
    receive({ kind: "welcome" });
  };
  return { send: (message) => link.send(message) };
}

type Parcel = { to: string; message: FromHub } | { from: string; message: ToHub };

/** The tab that gets the lock leads: it runs the hub, and all tabs, itself included, talk to it over one channel. */
function led(receive: (message: FromHub) => void): Link {
  const me = crypto.randomUUID();
  const channel = new BroadcastChannel(NAME);
  const lead = new Leader((to, message) => (to === me ? receive(message) : channel.postMessage({ to, message })));
  channel.onmessage = ({ data }: MessageEvent<Parcel>) => {
    if ("from" in data) lead.hear(data.from, data.message);
    else if (data.to === me || data.to === "all") receive(data.message);
  };
  void navigator.locks.request(NAME, () => {
    lead.begin();
    channel.postMessage({ to: "all", message: { kind: "welcome" } });
    receive({ kind: "welcome" });
    return new Promise<never>(() => {}); // held until the tab closes
  });
  return {
    send(message) {
      if (lead.leads) lead.hear(me, message);
      else channel.postMessage({ from: me, message });
    },
  };
}

class Leader {
  readonly #deliver: (to: string, message: FromHub) => void;
  readonly #tabs = new Map<string, (message: FromHub) => void>();
  #hub: Hub | undefined;

  constructor(deliver: (to: string, message: FromHub) => void) {
    this.#deliver = deliver;
  }

  get leads(): boolean {
    return this.#hub !== undefined;
  }

  begin(): void {
    this.#hub = new Hub(browser);
  }

  hear(from: string, message: ToHub): void {
    if (!this.#hub) return;
    const send = this.#tabs.get(from) ?? ((answer: FromHub) => this.#deliver(from, answer));
    this.#tabs.set(from, send);
    if (message.kind === "leave") this.#tabs.delete(from);
    this.#hub.hear(message, send);
  }
}

function alone(receive: (message: FromHub) => void): Link {
  const hub = new Hub(browser);
  return { send: (message) => hub.hear(message, receive) };
}
