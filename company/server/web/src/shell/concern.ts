// Which events change what the header shows.

import type { Event } from "../wire/types";

const TYPES = new Set(["RUN_STARTED", "RUN_FINISHED", "RUN_ERROR"]);
const NAMES = new Set(["approval.asked", "approval.decided", "approval.escalated", "cost", "run.stopped", "run.resumed"]);

export const changesStatus = (event: Event): boolean =>
  TYPES.has(event.type) || (event.type === "CUSTOM" && NAMES.has(String(event.name)));

export const changesThreads = (event: Event): boolean => event.metadata.threadId !== "" && TYPES.has(event.type);
