import { act } from "preact/test-utils";
import { createElement, render } from "preact";
import { beforeEach, describe, expect, it, vi } from "vitest";

type Update = typeof import("../../src/pwa/update");

class Worker extends EventTarget {
  state: ServiceWorkerState = "installing";
  readonly told: unknown[] = [];
  postMessage(message: unknown): void {
    this.told.push(message);
  }
  become(state: ServiceWorkerState): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
}

class Registration extends EventTarget {
  waiting: Worker | null = null;
  installing: Worker | null = null;
  looked = 0;
  async update(): Promise<void> {
    this.looked += 1;
  }
}

const container = Object.assign(new EventTarget(), { controller: null as object | null });
let registration: Registration;
let update: Update;

async function offered(): Promise<(() => void) | null> {
  let shown: (() => void) | null = null;
  const Bar = () => {
    shown = update.useUpdate();
    return null;
  };
  await act(() => render(createElement(Bar, null), document.body));
  return shown;
}

const watch = (now?: () => number) => update.watchUpdates(registration as unknown as ServiceWorkerRegistration, now);

function install(): Worker {
  const worker = new Worker();
  registration.installing = worker;
  registration.dispatchEvent(new Event("updatefound"));
  worker.become("installed");
  return worker;
}

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("navigator", { serviceWorker: container });
  container.controller = {};
  registration = new Registration();
  update = await import("../../src/pwa/update");
});

describe("a new version", () => {
  it("is offered when it waits behind the one that runs, and taken when a person says so", async () => {
    watch();
    expect(await offered()).toBeNull();
    const worker = install();
    const take = await offered();
    expect(worker.told).toEqual([]);
    take?.();
    expect(worker.told).toEqual(["take-over"]);
  });

  it("that waits since the last visit is offered at once", async () => {
    const worker = new Worker();
    worker.state = "installed";
    registration.waiting = worker;
    watch();
    expect(await offered()).not.toBeNull();
  });

  it("is not what the very first visit installs", async () => {
    container.controller = null;
    watch();
    install();
    expect(await offered()).toBeNull();
  });

  it("is looked for when the page comes into view, once an hour", () => {
    let now = 0;
    watch(() => now);
    const look = () => document.dispatchEvent(new Event("visibilitychange"));
    look();
    expect(registration.looked).toBe(0);
    now = 3_600_001;
    look();
    look();
    expect(registration.looked).toBe(1);
  });
});
