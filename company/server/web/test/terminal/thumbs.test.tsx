// Thumbs: what is pressed comes from the journal, and each press is sent as what it is.

import { act } from "preact/test-utils";
import axe from "axe-core";
import { beforeEach, expect, test, vi } from "vitest";

import { RunView } from "../../src/terminal/RunView";
import { session } from "../../src/wire/client";
import { EMPTY } from "../../src/wire/log";
import { prepend, reduce } from "../../src/wire/reduce";
import { Writer } from "../wire/journal";
import { serve, show, type } from "./screen";

const answered = (run = "R1", after = 0) => new Writer(run, "main", after).begin().asks("buy?").says("No.").finishes();
const given = (by: string, verdict: string, note = "", after = 100) => new Writer("", "", after).custom("feedback.given", { run: "R1", by, verdict, note }, "person");
const logOf = (...writers: Writer[]) => reduce(EMPTY, writers.flatMap(({ events }) => events));
const thumb = (name: string) => document.querySelector(`[aria-label="${name} answer"]`) as HTMLButtonElement;
const pressed = () => [thumb("Good"), thumb("Bad")].map((one) => one.getAttribute("aria-pressed"));
const press = (name: string) => act(async () => thumb(name).click());

async function draw(...writers: Writer[]): Promise<void> {
  const log = logOf(...writers);
  await show(log.runs.map((run) => <RunView key={run.id} run={run} asked={{}} opinions={log.feedback[run.id]} />));
}

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  session.set({ person: "ada", scopes: ["read", "chat"] });
});

test("a press is sent, and shown before the journal tells of it; the same press again takes it back", async () => {
  const asked = serve({ "POST /runs/R1/feedback": [200, {}], "DELETE /runs/R1/feedback": [204, null] });
  await draw(answered());
  expect(pressed()).toEqual(["false", "false"]);
  await press("Good");
  expect(pressed()).toEqual(["true", "false"]);
  await press("Good");
  expect(pressed()).toEqual(["false", "false"]);
  expect(asked.map(({ path, body }) => [path, body])).toEqual([
    ["POST /runs/R1/feedback", { value: "up", note: "" }],
    ["DELETE /runs/R1/feedback", undefined],
  ]);
});

test("what the journal says last is shown, to the person it is of", async () => {
  await draw(answered(), given("ada", "up"), given("eve", "up", "", 200), given("ada", "down", "too long", 300));
  expect(pressed()).toEqual(["false", "true"]);
  expect(document.querySelector(".thumbs")?.textContent).toBe("“too long”");
  await draw(answered(), given("ada", "up"), given("ada", "", "", 200));
  expect(pressed()).toEqual(["false", "false"]);
});

test("an opinion makes no line, and is known when its run is loaded later", () => {
  const log = logOf(given("ada", "up"));
  expect(log.runs).toEqual([]);
  expect(prepend(log, answered().events).feedback["R1"]).toEqual({ ada: { value: "up", note: "" } });
});

test("a refusal is said, and the thumb is as it was", async () => {
  serve({ "POST /runs/R1/feedback": [409, { error: { message: "not as things stand", code: "conflict" } }] });
  await draw(answered());
  await press("Bad");
  await expect.poll(() => document.querySelector("[role=alert]")?.textContent).toBe("not as things stand");
  expect(pressed()).toEqual(["false", "false"]);
});

test("words may be added to a thumb, and are sent with it", async () => {
  const asked = serve({ "POST /runs/R1/feedback": [200, {}] });
  await draw(answered());
  await press("Bad");
  await type("it did not look", ".thumbs-reason input");
  await act(async () => document.querySelector("form")?.requestSubmit());
  expect(asked.at(-1)?.body).toEqual({ value: "down", note: "it did not look" });
});

test("only an answer can be judged, and only by who may speak", async () => {
  await draw(new Writer("R1").begin().asks("buy?").finishes("cancelled"));
  expect(document.querySelector(".thumbs")).toBeNull();
  session.set({ person: "bob", scopes: ["read"] });
  await draw(answered());
  expect(document.querySelector(".thumbs")).toBeNull();
});

test("axe finds nothing in a judged answer", async () => {
  serve({ "POST /runs/R1/feedback": [200, {}] });
  await draw(answered());
  await press("Good");
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false }, "color-contrast": { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});
