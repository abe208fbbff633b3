/** Whether the service is there. */

import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

export interface Health {
  /** Whether requests can be served now. One that does not answer is not ready. */
  isReady(options?: CallOptions): Promise<boolean>;
  /** Every part with its numbers. */
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
