import { defineConfig } from "vite";

import { serviceWorker } from "./vite.pwa.ts";

const preact = {
  react: "preact/compat",
  "react/jsx-runtime": "preact/jsx-runtime",
  "react/jsx-dev-runtime": "preact/jsx-dev-runtime",
  "react-dom": "preact/compat",
  "react-dom/client": "preact/compat/client",
};

// COMPANY_URL is a running `company serve`, for `npx vite`.
const server = process.env["COMPANY_URL"] ?? "http://127.0.0.1:8400";

export default defineConfig({
  base: "/",
  resolve: { alias: preact },
  plugins: [serviceWorker()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy allows no inline scripts and few data: URLs
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true, headers: { origin: server } } } },
});
