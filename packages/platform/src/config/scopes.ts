/** What a key or token may do: `admin` everything, `train` what `score` may, `score` what `read` may. */

export const scopes = ["read", "score", "train", "admin"] as const;
export type Scope = (typeof scopes)[number];
