// The colours of the theme for a canvas, which does not see style sheets.

const NAMES = ["fg-dim", "accent", "good", "bad", "line", "sans"] as const;

export type Palette = Record<(typeof NAMES)[number], string>;

export function paletteOf(box: Element): Palette {
  const style = getComputedStyle(box);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

/** Call `changed` when the person or the system chose another theme; the answer stops it. */
export function onTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const queries = ["(prefers-color-scheme: light)", "(prefers-contrast: more)"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener("change", changed);
  };
}
