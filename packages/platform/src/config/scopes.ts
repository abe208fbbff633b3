/** Scopes of keys and tokens: each scope of this list allows all that the scopes before it allow. */

export const scopes = ["read", "score", "train", "admin"] as const;
export type Scope = (typeof scopes)[number];
