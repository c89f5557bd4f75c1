// Arguments of a call as they are, so that a person who approves them has seen them. Characters that do not show
// themselves (controls, zero-width ones, those that turn the direction of text) are written out as \u202e.

import type { Json } from "../wire/types";

const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{e0000}-\u{e007f}]/gu;

export function exact(value: Json): string {
  const text = typeof value === "string" ? value : written(value);
  return text.replace(UNSEEN, (found) => `\\u${found.codePointAt(0)?.toString(16).padStart(4, "0")}`);
}

/** On one line where it is short. */
function written(value: Json): string {
  const line = JSON.stringify(value);
  return line.length <= 60 ? line : JSON.stringify(value, null, 2);
}
