/** Sends single requests to a service that may be down, slow or killed. */

export interface Json {
  readonly [name: string]: unknown;
}

export interface Answer {
  readonly status: number;
  /** The parsed text, if it is a JSON object; else empty. */
  readonly body: Json;
  readonly text: string;
  readonly headers: Headers;
}

export interface Asked {
  readonly json?: unknown;
  readonly form?: FormData;
  /** The idempotency key. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 90_000;

/** @param route such as `POST /api/detectors`. @throws when the connection fails or ends before the whole answer was there. */
export async function send(url: string, route: string, asked: Asked = {}): Promise<Answer> {
  const { json, form, key, headers = {}, timeoutMs = defaultTimeoutMs } = asked;
  const [method, path] = route.split(" ");
  const response = await fetch(url + path, {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...headers,
    },
    ...(form === undefined ? {} : { body: form }),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, body: jsonOf(text), text, headers: response.headers };
}

/** Gives undefined when no answer came. */
export async function trySend(url: string, route: string, asked: Asked = {}): Promise<Answer | undefined> {
  try {
    return await send(url, route, asked);
  } catch {
    // The connection was refused or reset, or the answer came too late: callers repeat the request in any case.
    return undefined;
  }
}

/** Gives the body of an answer that must have a 2xx status. */
export async function ask(url: string, route: string, asked: Asked = {}): Promise<Json> {
  const { status, body, text } = await send(url, route, asked);
  if (status >= 300) throw new Error(`${route} answered ${status}: ${text.slice(0, 500)}`);
  return body;
}

/** Reads all pages of a list. */
export async function askAll(url: string, path: string): Promise<readonly Json[]> {
  const items: Json[] = [];
  let cursor = "";
  for (;;) {
    const join = path.includes("?") ? "&" : "?";
    const page = await ask(url, `GET ${path}${join}limit=1000${cursor === "" ? "" : `&cursor=${cursor}`}`);
    items.push(...(page["items"] as Json[]));
    const next = page["next_cursor"] as string | null;
    if (next === null) return items;
    cursor = encodeURIComponent(next);
  }
}

export function fileForm(name: string, content: string): FormData {
  const form = new FormData();
  form.append("file", new Blob([content]), name);
  return form;
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The answer is not JSON: the test uses its text.
    return {};
  }
}
