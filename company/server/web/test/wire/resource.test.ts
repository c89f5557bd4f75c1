import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Resource } from "../../src/wire/resource";

const answers = vi.fn<(url: string) => Promise<Response>>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", answers);
  answers.mockReset();
  answers.mockImplementation(async () => Response.json({ n: answers.mock.calls.length }));
});
afterEach(() => void vi.useRealTimers());

const settled = () => vi.advanceTimersByTimeAsync(0);

test("two who show it cause one request", async () => {
  const resource = new Resource<{ n: number }>("/status");
  resource.subscribe(() => undefined);
  resource.subscribe(() => undefined);
  await settled();
  expect(answers).toHaveBeenCalledOnce();
  expect(resource.get().data).toEqual({ n: 1 });
});

test("a storm of events becomes one more request", async () => {
  const resource = new Resource("/status");
  resource.subscribe(() => undefined);
  await settled();
  for (let event = 0; event < 100; event += 1) resource.soon();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers).toHaveBeenCalledTimes(2);
});

test("what changes while it is asked is asked for again", async () => {
  let answer: (response: Response) => void = () => undefined;
  answers.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
  const resource = new Resource<{ n: number }>("/status");
  resource.subscribe(() => undefined);
  resource.refresh();
  answer(Response.json({ n: -1 }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers).toHaveBeenCalledTimes(2);
  expect(resource.get().data).toEqual({ n: 2 });
});

test("after a fault the last data stays, beside the fault, until it is asked again", async () => {
  const resource = new Resource<{ n: number }>("/status");
  resource.subscribe(() => undefined);
  await settled();
  answers.mockRejectedValueOnce(new TypeError("down"));
  resource.refresh();
  await settled();
  expect(resource.get()).toMatchObject({ data: { n: 1 }, error: { code: "unreachable" } });
  resource.refresh();
  await settled();
  expect(resource.get().error).toBeUndefined();
});

test("what nobody shows is not asked for", async () => {
  const resource = new Resource("/status");
  const leave = resource.subscribe(() => undefined);
  await settled();
  leave();
  resource.soon();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers).toHaveBeenCalledOnce();
});

test("nothing is asked without a path", async () => {
  new Resource(null).subscribe(() => undefined);
  await settled();
  expect(answers).not.toHaveBeenCalled();
});
