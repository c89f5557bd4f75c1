// Server-Sent Events out of bytes. `EventSource` hides heartbeats and status codes, and a watchdog needs both.

export interface Frame {
  /** Name of the event; `message` when it has none. */
  name: string;
  /** The last id the stream gave, also by a frame of its own. */
  id: string;
  /** Empty in a frame that only gives an id. */
  data: string;
}

/** Cuts text into frames, however the network cut it into pieces. */
export class Frames {
  #rest = "";
  #id = "";

  /** Take a piece, return the frames that are complete now. */
  feed(piece: string): Frame[] {
    const blocks = (this.#rest + piece).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => this.#frame(block));
  }

  #frame(block: string): Frame[] {
    const fields = block.split("\n").flatMap(field);
    const last = (name: string) => fields.findLast(([field]) => field === name)?.[1];
    const id = last("id");
    if (id !== undefined) this.#id = id;
    const data = fields.filter(([name]) => name === "data").map(([, value]) => value);
    if (!data.length && id === undefined) return [];
    return [{ name: last("event") ?? "message", id: this.#id, data: data.join("\n") }];
  }
}

function field(line: string): [string, string][] {
  const colon = line.indexOf(":");
  if (colon <= 0) return [];
  return [[line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")]];
}
