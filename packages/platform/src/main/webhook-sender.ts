/** Sends webhooks: tells another server by POST that a job has ended. A message may arrive twice, with the same delivery id. */

import { NomalyError } from "@nomaly/detect";
import type { HttpClient } from "../http-client/http-client.ts";
import type { WebhookMessage } from "../services/jobs/job-handlers.ts";

export function webhookSender(client: HttpClient): (message: WebhookMessage, signal: AbortSignal) => Promise<void> {
  return async ({ url, event, delivery_id: deliveryId, body }, signal) => {
    const { status } = await client.request({
      url,
      method: "POST",
      headers: { "content-type": "application/json", "nomaly-event": event, "nomaly-delivery": deliveryId },
      body: JSON.stringify(body),
      signal,
    });
    if (status >= 200 && status < 300) return;
    throw new NomalyError("OUTGOING", `the webhook answered ${status}`, { field: "webhook_url", received: String(status) });
  };
}
