import { beforeEach, expect, test, vi } from "vitest";

import { App, takeCode } from "../../src/shell/App";
import { session } from "../../src/wire/client";
import { click, serve, show, type } from "./screen";

// The page asks how wide it is as soon as it is loaded.
vi.hoisted(() => vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined })));

const WRONG: [number, unknown] = [401, { error: { message: "this is not the password", code: "unauthorized" } }];

beforeEach(() => {
  session.set(undefined);
  history.replaceState(null, "", "/");
});

test("the code leaves the address at once, the rest of the address stays", () => {
  history.replaceState(null, "", "/?thread=t1#t=l_secret");
  expect(takeCode()).toBe("l_secret");
  expect(location.href).not.toContain("secret");
  expect(location.search).toBe("?thread=t1");
});

test("a code is posted once, never sent in an address", async () => {
  const asked = serve({ "POST /session": [401, {}], "GET /session": [401, {}] });
  await show(<App code="l_secret" />);
  await expect.poll(() => asked.map(({ path }) => path)).toEqual(["POST /session", "GET /session"]);
  expect(asked[0]?.body).toEqual({ code: "l_secret" });
});

test("a code that was used already asks for the password and says where a new address comes from", async () => {
  serve({ "POST /session": [401, {}], "GET /session": [401, {}] });
  await show(<App code="l_old" />);
  await expect.poll(() => document.body.textContent).toContain("used already");
  expect(document.body.textContent).toContain("company login");
});

test("a wrong password is said, in the server's words", async () => {
  const asked = serve({ "GET /session": [401, {}], "POST /session": WRONG });
  await show(<App code="" />);
  await expect.poll(() => document.querySelector("input")).not.toBeNull();
  await type("guess", "input");
  await click("Log in");
  await expect.poll(() => document.querySelector("[role=alert]")?.textContent).toBe("this is not the password");
  expect(asked.at(-1)?.body).toEqual({ password: "guess" });
});

test("a server that cannot be reached is no log-out", async () => {
  serve({ "GET /session": [503, { error: { message: "the server is ending", code: "unavailable" } }] });
  await show(<App code="" />);
  await expect.poll(() => document.querySelector("[role=alert]")?.textContent).toContain("the server is ending");
  expect(session.get()).toBeUndefined();
});
