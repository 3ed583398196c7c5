/** What the page keeps on the device: the last situation (with its age) and acts that wait to be sent. IndexedDB, by hand. */

const NAME = "safecare";
const VERSION = 1;
export type Shelf = "kept" | "acts";

export interface Kept<T> {
  key: string;
  /** When it was read from the server, milliseconds. */
  at: number;
  value: T;
}

/** Milliseconds that the device's storage may take to open (chosen): some browsers never say that they refuse. */
const PATIENCE = 3_000;

let opening: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept", { keyPath: "key" });
      request.result.createObjectStore("acts", { keyPath: "id" });
    };
    request.onsuccess = () => {
      request.result.onclose = () => (opening = undefined); // a person cleared the site's data: opened anew when needed
      resolve(request.result);
    };
    const refuse = (): void => reject(request.error ?? new Error("IndexedDB did not open"));
    request.onerror = request.onblocked = refuse;
    setTimeout(refuse, PATIENCE);
  });
  return opening;
}

/** Run one request on `shelf` and wait until its transaction is durable. */
export async function onShelf<T>(shelf: Shelf, mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await database();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(shelf, mode);
    const request = ask(transaction.objectStore(shelf));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB refused"));
  });
}

/** Keep `value` under `key`. A device that keeps nothing (private window, full) must not stop the page. */
export async function keep(key: string, value: unknown): Promise<void> {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(value));
    await onShelf("kept", "readwrite", (store) => store.put({ key, at: Date.now(), value: plain }));
  } catch (problem) {
    console.warn("not kept on this device:", key, problem);
  }
}

/** Return what was kept under `key`. */
export async function kept<T>(key: string): Promise<Kept<T> | undefined> {
  try {
    return await onShelf<Kept<T> | undefined>("kept", "readonly", (store) => store.get(key) as IDBRequest<Kept<T> | undefined>);
  } catch {
    return undefined;
  }
}

/** Forget everything on this device: sign-out. Acts that the server does not have stay, for who pressed them. */
export async function forget(): Promise<void> {
  await onShelf("kept", "readwrite", (store) => store.clear()).catch(() => undefined);
  if ("caches" in globalThis) await caches.delete("stills").catch(() => false);
}
