// Messages that could not be sent yet, kept in this browser: in IndexedDB, which the service worker reaches too, else in
// the page's local storage.

export interface Draft {
  /** The message's `Idempotency-Key`: sent twice, it is said once. */
  key: string;
  text: string;
  thread: string;
  /** Who wrote it; "" when nobody was known to be logged in. It is never sent in another person's name. */
  person: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Why the server will not take it; such a draft waits for its writer. */
  fault?: string;
}

export interface Drafts {
  put(draft: Draft): Promise<void>;
  /** All of them, the oldest first. */
  all(): Promise<Draft[]>;
  remove(key: string): Promise<void>;
}

const STORE = "drafts";
const oldestFirst = (drafts: Draft[]): Draft[] => drafts.sort((one, other) => one.at - other.at);

export class IndexedDrafts implements Drafts {
  readonly #database: Promise<IDBDatabase>;

  constructor(factory: IDBFactory, name = "company-outbox") {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    this.#database = resultOf(request);
  }

  async put(draft: Draft): Promise<void> {
    await this.#in("readwrite", (store) => store.put(draft));
  }

  async all(): Promise<Draft[]> {
    return oldestFirst(await this.#in<Draft[]>("readonly", (store) => store.getAll()));
  }

  async remove(key: string): Promise<void> {
    await this.#in("readwrite", (store) => store.delete(key));
  }

  async #in<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<T> {
    const transaction = (await this.#database).transaction(STORE, mode);
    const result = await resultOf(work(transaction.objectStore(STORE)));
    return result as T;
  }
}

export class LocalDrafts implements Drafts {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async put(draft: Draft): Promise<void> {
    const others = (await this.all()).filter((known) => known.key !== draft.key);
    this.#write([...others, draft]);
  }

  async all(): Promise<Draft[]> {
    return oldestFirst(JSON.parse(this.#storage.getItem(STORE) ?? "[]") as Draft[]);
  }

  async remove(key: string): Promise<void> {
    this.#write((await this.all()).filter((draft) => draft.key !== key));
  }

  #write(drafts: Draft[]): void {
    this.#storage.setItem(STORE, JSON.stringify(drafts));
  }
}

export const openDrafts = (): Drafts =>
  "indexedDB" in globalThis && globalThis.indexedDB ? new IndexedDrafts(indexedDB) : new LocalDrafts(localStorage);

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
