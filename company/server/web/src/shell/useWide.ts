import { useSyncExternalStore } from "react";

const query = matchMedia("(min-width: 900px)");

const subscribe = (listener: () => void): (() => void) => {
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
};

/** There is room for terminal and dashboard beside each other. */
export const useWide = (): boolean => useSyncExternalStore(subscribe, () => query.matches);
