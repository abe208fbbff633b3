/** Calls that check the health of the service. */

import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

/** Calls that check the health of the service. */
export interface Health {
  /** Whether the service can answer requests now; false when no answer comes. */
  isReady(options?: CallOptions): Promise<boolean>;
  /** Every part of the service with its numbers. */
  full(options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
}

export function healthOf(transport: Transport): Health {
  return {
    isReady: async ({ signal, timeoutMs = readyMsMax } = {}) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const stop = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
        await nothing(await transport.open({ route: "GET /health/ready" }, stop));
        return true;
      } catch {
        signal?.throwIfAborted();
        return false;
      }
    },
    full: (options) => transport.call({ route: "GET /health/full" }, json<Readonly<Record<string, unknown>>>, options),
  };
}

const readyMsMax = 5000;
