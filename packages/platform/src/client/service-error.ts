/** The error of the client: what the service answered, or why no answer came. */

/** What a `ServiceError` is made of. */
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
 * Match on `code`, never on texts. Besides the codes of the service the client has three: `UNREACHABLE` (no answer came),
 * `UNEXPECTED` (the answer is not from the service, such as a proxy's page) and `TIMEOUT` with status 0 (the call took too long).
 */
export class ServiceError extends Error {
  /** Always `ServiceError`. */
  override readonly name = "ServiceError";
  /** A code of the service's closed list, or one of the client's own three. */
  readonly code: string;
  /** One sentence: what was expected, and what came. */
  readonly detail: string;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The field, column or setting at fault. */
  readonly field: string | undefined;
  /** The id of the request in the log of the service. */
  readonly requestId: string | undefined;
  /** Seconds to wait before a retry, where the service gave them. */
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

/** Characters of an unexpected answer that the message shows. */
const shownCharsMax = 200;

/** Makes an error of an answer whose status is not 2xx. */
export async function errorOf(response: Response): Promise<ServiceError> {
  const { status, headers } = response;
  const text = await response.text();
  const reply = { status, requestId: headers.get("x-request-id") ?? undefined, retryAfterSeconds: retryAfterOf(headers) };
  const problem = problemOf(text);
  if (problem === undefined) return new ServiceError({ ...reply, code: "UNEXPECTED", detail: describe(response, text) });
  const { code, detail, field, request_id: requestId = reply.requestId } = problem;
  return new ServiceError({ ...reply, code, detail, field, requestId });
}

/** Describes an answer that is not from the service. */
export function describe({ status, headers, type }: Response, text: string): string {
  const location = headers.get("location");
  if (type === "opaqueredirect" || location !== null) {
    return `the server redirects${location === null ? "" : ` to ${location}`}; set url to that address`;
  }
  const kind = headers.get("content-type") ?? "no content type";
  return `the server answered ${status} with ${kind}, which is not an answer of the service: ${text.slice(0, shownCharsMax)}`;
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
    // Not JSON: the caller describes the answer by its text.
  }
  return undefined;
}

/** Reads Retry-After: seconds, or a date, which proxies may send. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
