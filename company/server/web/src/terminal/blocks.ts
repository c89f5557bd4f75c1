// Cuts markdown that is still being written into blocks. A closed block never changes again, so only the open one is
// rendered while words stream in. What the cut costs: a list or table that is longer than LONG becomes several.

/** Characters after which a block of lines is cut between two lines. */
const LONG = 2_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^(?:[-*+]|\d{1,9}[.)])\s/;
const ROW = /^\|/;
const RULE = /^\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const HEADING = /^#{1,6}\s/;

export class Blocks {
  readonly closed: string[] = [];
  /** The block that may still grow. */
  open = "";

  #taken = 0;
  #lines: string[] = [];
  #length = 0;
  #rest = "";
  #fence = "";
  #blank = false;

  /** Take the whole text so far; it must begin with the text of the call before. */
  take(text: string): this {
    const lines = (this.#rest + text.slice(this.#taken)).split("\n");
    this.#taken = text.length;
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    this.open = [...this.#lines, this.#rest].join("\n");
    return this;
  }

  #line(line: string): void {
    if (this.#fence) return this.#fenced(line);
    if (this.#cutsBefore(line)) this.#cut();
    this.#fence = FENCE.exec(line)?.[1] ?? "";
    this.#add(line);
    this.#blank = !line.trim();
  }

  #fenced(line: string): void {
    this.#add(line);
    const fence = FENCE.exec(line)?.[1];
    if (!fence?.startsWith(this.#fence) || line.trim() !== fence) return;
    this.#fence = "";
    if (!line.startsWith(" ") && FENCE.test(this.#lines[0] ?? "")) this.#cut();
  }

  #cutsBefore(line: string): boolean {
    const first = this.#lines[0];
    if (first === undefined || !line.trim() || /^\s/.test(line)) return false;
    if (FENCE.test(line) || HEADING.test(line)) return true;
    if (this.#length > LONG && (ITEM.test(line) || (ROW.test(line) && this.#header))) return true;
    return this.#blank && !(ITEM.test(line) && ITEM.test(first));
  }

  /** Header and rule of the table that the block begins with. */
  get #header(): string[] | undefined {
    const header = this.#lines.slice(0, 2);
    return header.length === 2 && ROW.test(header[0] ?? "") && RULE.test(header[1] ?? "") ? header : undefined;
  }

  #cut(): void {
    const again = !this.#blank && !this.#fence && this.#length > LONG ? this.#header : undefined;
    this.closed.push(this.#lines.join("\n"));
    this.#lines = [];
    this.#length = 0;
    this.#blank = false;
    for (const line of again ?? []) this.#add(line);
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
  }
}
