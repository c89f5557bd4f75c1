import { beforeEach, describe, expect, it } from "vitest";

import { LocalDrafts, openDrafts, type Draft } from "../../src/pwa/drafts";

const draft = (key: string, at: number): Draft => ({ key, text: `text of ${key}`, thread: "main", person: "Ada", at });

beforeEach(() => localStorage.clear());

describe("drafts in local storage", () => {
  it("are there again after a reload, the oldest first", async () => {
    await new LocalDrafts(localStorage).put(draft("b", 2));
    await new LocalDrafts(localStorage).put(draft("a", 1));
    expect(await new LocalDrafts(localStorage).all()).toEqual([draft("a", 1), draft("b", 2)]);
  });

  it("are replaced by their key", async () => {
    const drafts = new LocalDrafts(localStorage);
    await drafts.put(draft("a", 1));
    await drafts.put({ ...draft("a", 1), fault: "too long" });
    expect((await drafts.all()).map(({ fault }) => fault)).toEqual(["too long"]);
  });

  it("are gone when they are removed, and removing nothing is nothing", async () => {
    const drafts = new LocalDrafts(localStorage);
    await drafts.put(draft("a", 1));
    await drafts.remove("a");
    await drafts.remove("a");
    expect(await drafts.all()).toEqual([]);
  });

  it("are what a browser without IndexedDB gets", () => {
    expect(openDrafts()).toBeInstanceOf(LocalDrafts);
  });
});
