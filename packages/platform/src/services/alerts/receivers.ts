/** Sends messages about alerts to the receivers that the settings name. */

import { createHmac } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import type { Config } from "../../config/settings.ts";
import type { HttpClient } from "../../http-client/http-client.ts";
import { alertText } from "./alert-text.ts";
import type { AlertMessage } from "./alert-message.ts";

export interface AlertReceiver {
  readonly name: "webhook" | "slack";
  /** @throws NomalyError OUTGOING, TIMEOUT, ABORTED. */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
}

/** One try of one message; later tries are the queue's. */
const sendMsMax = 10_000;
/** Nobody reads the answer. */
const answerBytesMax = 65_536;

/** @param now milliseconds since 1970. */
export function alertReceivers(config: Config, client: HttpClient, now: () => number = Date.now): readonly AlertReceiver[] {
  const { alertWebhookUrl: webhookUrl, alertWebhookSecret: secret, alertSlackUrl: slackUrl } = config;
  const post = async (name: AlertReceiver["name"], url: string, { body, headers }: Post, signal: AbortSignal) => {
    const { status } = await client.request({
      url,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      totalTimeoutMs: sendMsMax,
      responseBytesMax: answerBytesMax,
      signal,
    });
    if (status >= 200 && status < 300) return;
    throw new NomalyError("OUTGOING", `the receiver answered ${status}`, {
      field: `alert_${name}_url`,
      received: String(status),
    });
  };
  const receivers: AlertReceiver[] = [];
  if (webhookUrl !== undefined) {
    receivers.push({
      name: "webhook",
      async send(message, signal) {
        const body = JSON.stringify(message);
        const headers = { "nomaly-event": "alert", "nomaly-delivery": message.delivery_id };
        const signed = secret === undefined ? {} : { "nomaly-signature": signatureOf(body, secret, now()) };
        await post("webhook", webhookUrl, { body, headers: { ...headers, ...signed } }, signal);
      },
    });
  }
  if (slackUrl !== undefined) {
    receivers.push({
      name: "slack",
      send: (message, signal) =>
        post("slack", slackUrl, { body: JSON.stringify({ text: alertText(message) }), headers: {} }, signal),
    });
  }
  return receivers;
}

interface Post {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 of the time, a point and the body, so that an old message cannot be sent again as a new one. */
function signatureOf(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
