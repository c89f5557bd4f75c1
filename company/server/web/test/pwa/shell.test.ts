import { describe, expect, it } from "vitest";

import { cacheName, noticeOf, outdated, wayOf, type Build } from "../../src/pwa/shell";

const ORIGIN = "http://127.0.0.1:8400";
const build: Build = { version: "abc123", files: ["/", "/assets/main-a1.js", "/icon.svg"] };

function way(path: string, { method = "GET", mode = "cors" } = {}) {
  return wayOf({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN, build);
}

describe("the service worker", () => {
  it("answers a file of its build from what it keeps", () => {
    expect(way("/assets/main-a1.js")).toBe("kept");
    expect(way("/icon.svg", { mode: "no-cors" })).toBe("kept");
  });

  it("shows the shell when a page is opened", () => {
    expect(way("/", { mode: "navigate" })).toBe("shell");
    expect(way("/plain?x=1", { mode: "navigate" })).toBe("shell");
  });

  it.each([
    "/api/v1/status",
    "/api/v1/events?after=7",
    "/api/v1/approvals/A1",
    "/v1/models",
    "/metrics",
    "/assets/of-another-build.js",
    "/icon.svg?v=2",
  ])("never touches %s", (path) => {
    expect(way(path)).toBe("network");
  });

  it("never touches the API, not even when somebody opens it as a page", () => {
    expect(way("/api/v1/status", { mode: "navigate" })).toBe("network");
  });

  it.each(["POST", "PUT", "DELETE", "HEAD"])("never touches a %s", (method) => {
    expect(way("/", { method })).toBe("network");
    expect(way("/assets/main-a1.js", { method })).toBe("network");
  });

  it("never touches what belongs to another origin", () => {
    expect(way("https://evil.example/assets/main-a1.js")).toBe("network");
  });

  it("throws away what earlier builds kept, and nothing of anybody else", () => {
    const names = [cacheName({ version: "old", files: [] }), cacheName(build), "another-app", "company-buildings"];
    expect(outdated(names, build)).toEqual(["company-build-old"]);
  });
});

describe("a push message", () => {
  it("is shown as the sentence the server sent, one in place of the other", () => {
    expect(noticeOf("1 approval waits")).toEqual({
      title: "The AI company",
      options: { body: "1 approval waits", tag: "approvals", icon: "/icons/icon-192.png" },
    });
  });

  it("says something without words, and never a page of them", () => {
    expect(noticeOf(undefined).options.body).toBe("something waits for you");
    expect(noticeOf("x".repeat(500)).options.body).toHaveLength(100);
  });
});
