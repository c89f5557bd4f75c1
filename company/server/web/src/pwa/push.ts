// "1 approval waits" on this device, also when no page is open. Asked for by a person's own click, never on its own.

import { ApiError, del, get, post } from "../wire/client";

/** `unsupported`: this browser cannot. `unavailable`: the server was installed without it. `denied`: the person said no. */
export type PushState = "unsupported" | "unavailable" | "denied" | "off" | "on";

interface PushKey {
  key: string | null;
}

export async function pushState(): Promise<PushState> {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "unsupported";
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration) return "unsupported";
  if ((await get<PushKey>("/push/key")).key === null) return "unavailable";
  if (Notification.permission === "denied") return "denied";
  return (await registration.pushManager.getSubscription()) ? "on" : "off";
}

/**
 * Ask the person and subscribe; call it from a click.
 *
 * @throws ApiError The server refuses the subscription; the browser's is undone.
 */
export async function enablePush(): Promise<PushState> {
  const before = await pushState();
  if (before !== "off") return before;
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const { key } = await get<PushKey>("/push/key");
  if (key === null) return "unavailable";
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  try {
    await tell(subscription);
  } catch (error) {
    await subscription.unsubscribe();
    throw error;
  }
  return "on";
}

/** Tell the server again what this browser is subscribed with: it forgets a subscription with the session that made it. */
export async function renewPush(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  if (!subscription) return;
  try {
    await tell(subscription);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // may not approve, or offline: the next page tries again
  }
}

/** Unsubscribe this device. */
export async function disablePush(): Promise<PushState> {
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    await del<void>("/push", { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  return pushState();
}

function tell(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  return post<void>("/push", { endpoint, keys });
}
