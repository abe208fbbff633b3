/** The one error of the client: what the service answered, or why no answer came. */

export interface ServiceFault {
  readonly code: string;
  readonly detail: string;
  readonly status: number;
  readonly field?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Match on `code`, never on texts. Besides the codes of the service there are three of the client's own: `UNREACHABLE` (no answer
 * came), `UNEXPECTED` (an answer that is none of the service's, such as a proxy's page) and `TIMEOUT` with status 0 (the time of
 * the call was over).
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  /** One sentence: who, what was expected, what came. */
  readonly detail: string;
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  /** The field, column or setting at fault. */
  readonly field: string | undefined;
  /** Under which the service's log has the request. */
  readonly requestId: string | undefined;
  /** When the service asks to come again. */
  readonly retryAfterSeconds: number | undefined;

  constructor({ code, detail, status, field, requestId, retryAfterSeconds, cause }: ServiceFault) {
    super(`${code}: ${detail}`, { cause });
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.field = field;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Of a server's page, as much as is shown. */
const shownCharsMax = 200;

/** The error that a reply other than 2xx stands for. */
export async function errorOf(response: Response): Promise<ServiceError> {
  const { status, headers } = response;
  const text = await response.text();
  const reply = { status, requestId: headers.get("x-request-id") ?? undefined, retryAfterSeconds: retryAfterOf(headers) };
  const problem = problemOf(text);
  if (problem === undefined) return new ServiceError({ ...reply, code: "UNEXPECTED", detail: describe(response, text) });
  const { code, detail, field, request_id: requestId = reply.requestId } = problem;
  return new ServiceError({ ...reply, code, detail, field, requestId });
}

/** An answer that no service of ours gives. */
export function describe({ status, headers, type }: Response, text: string): string {
  const location = headers.get("location");
  if (type === "opaqueredirect" || location !== null) {
    return `the server redirects${location === null ? "" : ` to ${location}`}; give the address it leads to as url`;
  }
  const kind = headers.get("content-type") ?? "no content type";
  return `the server answered ${status} with ${kind}, which is no answer of the service: ${text.slice(0, shownCharsMax)}`;
}

interface ProblemFields {
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  readonly request_id?: string;
}

function problemOf(text: string): ProblemFields | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProblemFields> | null;
    if (typeof value?.code === "string" && typeof value.detail === "string") return value as ProblemFields;
  } catch {
    // Whoever answers with a page of its own is described by it.
  }
  return undefined;
}

/** Seconds, or a date: proxies may send either. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
