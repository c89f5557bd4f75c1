// A place in a journal: `<epoch>:<seq>`. The epoch tells one journal from another; a plain number is of any.

/** Number of the event the place follows. */
export const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf(":") + 1));

export const epochOf = (cursor: string): string => cursor.slice(0, Math.max(0, cursor.indexOf(":")));

/** The place after event `seq` in the same journal. */
export const moved = (cursor: string, seq: number): string => cursor.replace(/\d+$/, String(seq));
