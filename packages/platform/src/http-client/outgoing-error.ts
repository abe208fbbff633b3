/** What a failed call means: which code it carries, and whether it may be made again. */

import { NomalyError } from "@nomaly/detect";

/** Nothing of the request has been sent. */
const beforeSending = codes("ECONNREFUSED ENETUNREACH EHOSTUNREACH ENETDOWN EHOSTDOWN EAI_AGAIN UND_ERR_CONNECT_TIMEOUT");
/** The other side may have done what was asked. */
const afterSending = codes(`
  ECONNRESET EPIPE ETIMEDOUT UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_RES_CONTENT_LENGTH_MISMATCH`);
const timeouts = codes("ETIMEDOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT");

/** @param isRepeatable doing it twice does the same as once. */
export function mayRepeat(error: unknown, isRepeatable: boolean): boolean {
  const code = codeOf(error);
  return beforeSending.has(code) || (isRepeatable && afterSending.has(code));
}

/** The error for the caller; a signal that has fired says more than what it broke. */
export function outgoingError(error: unknown, url: URL, signal: AbortSignal): NomalyError {
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    if (reason instanceof NomalyError) return reason;
    return new NomalyError("ABORTED", "the caller stopped a call to another server", { cause: reason });
  }
  if (error instanceof NomalyError) return error;
  const code = codeOf(error);
  const what = code === "" ? String(error) : code;
  const message = `a call to ${url.origin} failed: ${what}`;
  return new NomalyError(timeouts.has(code) ? "TIMEOUT" : "OUTGOING", message, { field: "url", received: what, cause: error });
}

/** Of the total over all tries. */
export function totalTimeoutError(url: URL, totalTimeoutMs: number): NomalyError {
  const message = `a call to ${url.origin} was not over within ${totalTimeoutMs} ms, all tries included`;
  return new NomalyError("TIMEOUT", message, { field: "url", expected: `at most ${totalTimeoutMs} ms` });
}

/** Of the system or of undici; "" for what neither of them said. */
function codeOf(error: unknown): string {
  const origin = error instanceof NomalyError ? error.cause : error;
  const code = origin instanceof Error ? (origin as { code?: unknown }).code : undefined;
  return typeof code === "string" && !(origin instanceof NomalyError) ? code : "";
}

function codes(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
