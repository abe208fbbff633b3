/** The key of the person who looks, kept until the tab is closed, and the client that uses it. */

import { type Client, createClient } from "nomaly/client";

const storageName = "nomaly-key";

export function storedKey(): string | undefined {
  return sessionStorage.getItem(storageName) ?? undefined;
}

export function storeKey(key: string | undefined): void {
  if (key === undefined) sessionStorage.removeItem(storageName);
  else sessionStorage.setItem(storageName, key);
}

/** Does not retry by itself: the page shows what failed, and asks again. @param send in the place of `fetch`. */
export function clientFor(key: string | undefined, send?: typeof fetch): Client {
  return createClient({ url: location.origin, apiKey: key, retries: 0, timeoutMs: 10_000, fetch: send });
}
