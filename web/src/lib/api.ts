/** The only place that talks to the back end. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer at all: the network or the server is away. */
export class Unreachable extends Error {
  constructor() {
    super("unreachable");
    this.name = "Unreachable";
  }
}

/** Milliseconds that an answer may take: a reading, which is begun again; what a person asks for, who sees that it takes long
 *  (chosen). A connection that is cut off without a word would otherwise be waited for by the minute. */
const READING = 30_000;
const ASKING = 120_000;
/** Bytes of what is sent that buy a further millisecond (chosen: 5 kB/s, the edge of a dead spot). */
const BYTES = 5;

export interface Asking {
  /** Milliseconds that the answer may take, where the usual ones do not fit. */
  patience?: number;
}

async function request(path: string, init: RequestInit & { body?: string }, { patience = init.method ? ASKING : READING }: Asking = {}): Promise<Response> {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), patience + (init.body?.length ?? 0) / BYTES); // ends the reading of the body too
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: stop.signal, ...init });
  } catch {
    throw new Unreachable();
  }
  if (!answer.ok) throw new ApiError(answer.status, await reason(answer));
  return answer;
}

async function reason(answer: Response): Promise<string> {
  try {
    const body: unknown = await answer.json();
    if (body && typeof body === "object" && "detail" in body && typeof body.detail === "string") return body.detail;
  } catch {
    // A body that is no JSON says nothing more than the status does.
  }
  return `${answer.status} ${answer.statusText}`.trim();
}

/** Return whether the same may succeed later: no answer, signed out, time-out, too many, a server in trouble or full. */
export function passes(problem: unknown): boolean {
  if (!(problem instanceof ApiError)) return true;
  const { status } = problem;
  return status === 401 || status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Return whether a proxy said that the server behind it does not answer, or nobody answered at all. */
export function away(problem: unknown): boolean {
  return problem instanceof Unreachable || (problem instanceof ApiError && problem.status >= 502 && problem.status <= 504);
}

/** Read `path`. Throws `ApiError` or `Unreachable`. */
export async function get<T>(path: string, asking: Asking = {}): Promise<T> {
  return read<T>(await request(path, {}, asking));
}

/** Read the body of an answer; one that breaks off in the middle is no answer. */
async function read<T>(answer: Response): Promise<T> {
  try {
    return (await answer.json()) as T;
  } catch {
    throw new Unreachable();
  }
}

/** Send `body` to `path`. The header tells the server that this page, not a foreign form, is asking. */
export async function post<T>(path: string, body?: unknown, asking: Asking = {}): Promise<T | null> {
  const headers = { "Content-Type": "application/json", "X-Safecare": "1" };
  const answer = await request(path, { method: "POST", headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }, asking);
  if (answer.status === 204 || !answer.headers.get("content-type")?.includes("json")) return null;
  return read<T>(answer);
}

/** Send `body` to `path` and return the bytes of the answer. Throws `ApiError` or `Unreachable`. */
export async function postForBlob(path: string, body: unknown): Promise<Blob> {
  const headers = { "Content-Type": "application/json", "X-Safecare": "1" };
  return (await request(path, { method: "POST", headers, body: JSON.stringify(body) })).blob();
}

/** Return a random id; also where the page is not served over TLS and `randomUUID` is missing. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
