// Builds the service worker after everything else, since it has to know every file of the build: `/sw.js`, one plain
// script without shared parts.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";

import { build, type Plugin, type ResolvedConfig } from "vite";

import type { Build } from "./src/pwa/shell";

/** What a page never asks for: what others read, and the service worker itself. */
const NOT_KEPT = /(^|\/)\.|\.map$|\.(gz|br)$|^sw\.js$/;

export function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "company-service-worker",
    apply: "build",
    configResolved: (resolved) => void (config = resolved),
    closeBundle: () => buildWorker(resolve(config.root, config.build.outDir)),
  };
}

async function buildWorker(folder: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: { __BUILD__: JSON.stringify(buildIn(folder)) },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: "es2022",
      modulePreload: false,
      rollupOptions: {
        treeshake: { moduleSideEffects: false }, // or it would carry what only pages show
        input: join(import.meta.dirname, "src/pwa/sw.ts"),
        output: { format: "iife", entryFileNames: "sw.js" },
      },
    },
  });
}

function buildIn(folder: string): Build {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join(posix.sep))
    .filter((name) => !NOT_KEPT.test(name))
    .sort();
  const digest = createHash("sha256");
  for (const name of files) digest.update(name).update(readFileSync(join(folder, name)));
  const paths = files.map((name) => (name === "index.html" ? "/" : `/${name}`));
  return { version: digest.digest("hex").slice(0, 12), files: paths };
}
