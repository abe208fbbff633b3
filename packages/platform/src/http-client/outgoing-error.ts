/** Turns a failed call into a coded error, and decides whether the call may be retried. */

import { NomalyError } from "@nomaly/detect";

/** Codes of errors that come before anything of the request was sent. */
const beforeSending = codes("ECONNREFUSED ENETUNREACH EHOSTUNREACH ENETDOWN EHOSTDOWN EAI_AGAIN UND_ERR_CONNECT_TIMEOUT");
/** Codes of errors after which the server may have handled the request. */
const afterSending = codes(`
  ECONNRESET EPIPE ETIMEDOUT UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_RES_CONTENT_LENGTH_MISMATCH`);
const timeouts = codes("ETIMEDOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT");

/** @param isRepeatable whether sending the request twice has the effect of once. */
export function mayRepeat(error: unknown, isRepeatable: boolean): boolean {
  const code = codeOf(error);
  return beforeSending.has(code) || (isRepeatable && afterSending.has(code));
}

/** The error for the caller: the reason of the signal, if it has fired, else the failure itself. */
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

export function totalTimeoutError(url: URL, totalTimeoutMs: number): NomalyError {
  const message = `a call to ${url.origin} was not over within ${totalTimeoutMs} ms, all tries included`;
  return new NomalyError("TIMEOUT", message, { field: "url", expected: `at most ${totalTimeoutMs} ms` });
}

/** The code that the system or undici gave; "" for other errors. */
function codeOf(error: unknown): string {
  const origin = error instanceof NomalyError ? error.cause : error;
  const code = origin instanceof Error ? (origin as { code?: unknown }).code : undefined;
  return typeof code === "string" && !(origin instanceof NomalyError) ? code : "";
}

function codes(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
