/** Whoever sends a request, and what they may do. */

/** `admin` may do everything, `train` what `score` may, `score` what `read` may. */
export const scopes = ["read", "score", "train", "admin"] as const;
export type Scope = (typeof scopes)[number];

export interface Caller {
  /** For the audit log and the limits: "api-key:<id>", "token:<subject>" or "local". */
  readonly actor: string;
  readonly scopes: readonly Scope[];
  /** False for who needs no key: their requests are not counted against a limit. */
  readonly isLimited: boolean;
}
