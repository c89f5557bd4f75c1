// Terminal and dashboard beside each other, or one at a time where there is no room for both.

import { lazy, Suspense, useEffect, useState } from "react";

import { Terminal } from "../terminal/Terminal";
import { useCell } from "../wire/cell";
import { Divider } from "./Divider";
import { Header } from "./Header";
import { thread } from "./thread";
import { useWide } from "./useWide";

const Dashboard = lazy(() => import("../dashboard/Dashboard"));

type Tab = "terminal" | "dashboard";

export function Room({ person }: { person: string }) {
  const shown = useCell(thread);
  const wide = useWide();
  const [tab, setTab] = useState<Tab>("terminal");
  const [seen, setSeen] = useState(false);
  const open = (next: Tab) => {
    setTab(next);
    setSeen(seen || next === "dashboard");
  };
  const toApprovals = () => {
    open("dashboard");
    requestAnimationFrame(() => aim("approvals-heading"));
  };
  useEffect(() => {
    const show = () => setTab("terminal");
    window.addEventListener("company:show-approval", show);
    return () => window.removeEventListener("company:show-approval", show);
  }, []);
  const hidden = (part: Tab) => !wide && tab !== part;
  return (
    <>
      <Header toApprovals={toApprovals} />
      {!wide && <Tabs tab={tab} open={open} />}
      <main className={`room ${wide ? "wide" : "narrow"}`}>
        <div className="side-terminal" id="part-terminal" hidden={hidden("terminal")}>
          <Terminal thread={shown} person={person} />
        </div>
        {wide && <Divider />}
        <div className="side-dashboard" id="part-dashboard" hidden={hidden("dashboard")}>
          {(wide || seen) && (
            <Suspense fallback={<p className="line quiet">loading the dashboard…</p>}>
              <Dashboard />
            </Suspense>
          )}
        </div>
      </main>
    </>
  );
}

/** Bring an element to the top of its box, as soon as it is there: the dashboard may still be loading. */
function aim(id: string): void {
  const found = document.getElementById(id);
  if (found) return found.scrollIntoView({ block: "start" });
  const watch = new MutationObserver(() => {
    if (!document.getElementById(id)) return;
    watch.disconnect();
    aim(id);
  });
  watch.observe(document.body, { childList: true, subtree: true });
}

function Tabs({ tab, open }: { tab: Tab; open(tab: Tab): void }) {
  return (
    <nav className="tabs" aria-label="Parts">
      {(["terminal", "dashboard"] as const).map((part) => (
        <button key={part} type="button" aria-pressed={tab === part} aria-controls={`part-${part}`} onClick={() => open(part)}>
          {part === "terminal" ? "Terminal" : "Dashboard"}
        </button>
      ))}
    </nav>
  );
}
