// The hub, in a worker that all tabs share.

import { Hub, type FromHub, type ToHub } from "./hub";
import { browser } from "./stream";

const hub = new Hub(browser);

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (!port) return;
  const send = (message: FromHub) => port.postMessage(message);
  port.onmessage = ({ data }: MessageEvent<ToHub>) => hub.hear(data, send);
});
