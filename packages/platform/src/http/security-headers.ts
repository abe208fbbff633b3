/** Headers that every reply carries: nothing of this service is to be framed, guessed at, run or kept by anybody else. */

/** Replies are data: nothing in them may load or run anything. Pages say otherwise for themselves. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

export const securityHeaders = {
  "content-security-policy": dataPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;
