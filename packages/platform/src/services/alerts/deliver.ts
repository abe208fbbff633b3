/** Sends messages that wait, each receiver's in order; one that fails is tried again later, a bounded number of times. */

import type { Database } from "../../store/postgres/sql.ts";
import {
  type AlertMessageRow,
  deleteAlertMessage,
  dueAlertMessage,
  postponeAlertMessage,
  receiverFailed,
  receiverSucceeded,
} from "../../store/tables/alerts/messages.ts";
import type { ServiceContext } from "../core/context.ts";
import type { AlertMessage } from "./alert-message.ts";
import type { AlertReceiver } from "./receivers.ts";

/** The pause after each failed attempt; after the last one the message is given up. */
const pauseSeconds = [10, 30, 90, 270];
/** Messages to one receiver in one turn. */
const messagesMax = 20;
/** The longest text of an error that is kept. */
const errorLengthMax = 500;

export type DeliveryContext = Pick<ServiceContext, "database" | "processId" | "alertReceivers" | "log">;

/** Does nothing in a process that has not the lease of evaluation. A message may arrive twice, with the same delivery id. */
export async function deliverAlerts(context: DeliveryContext, signal: AbortSignal): Promise<void> {
  await Promise.all(context.alertReceivers.map((receiver) => deliverTo(receiver, context, signal)));
}

async function deliverTo(receiver: AlertReceiver, context: DeliveryContext, signal: AbortSignal): Promise<void> {
  const { database, processId } = context;
  const bounded = database.withSignal(signal);
  for (let count = 0; count < messagesMax && !signal.aborted; count++) {
    const message = await dueAlertMessage(bounded, receiver.name, processId);
    if (message === undefined) return;
    try {
      // Stored by an evaluation.
      await receiver.send(message.content as AlertMessage, signal);
    } catch (error) {
      // A process that stops leaves the message to the next one.
      if (!signal.aborted) await failed(bounded, message, error as Error, context);
      return;
    }
    await deleteAlertMessage(bounded, message.id);
    await receiverSucceeded(bounded, receiver.name);
  }
}

async function failed(database: Database, message: AlertMessageRow, error: Error, { log }: DeliveryContext): Promise<void> {
  const { id, receiver, attempts } = message;
  const seconds = pauseSeconds[attempts];
  const fields = { receiver, delivery: id, attempt: attempts + 1, err: error };
  if (seconds === undefined) {
    log.error(fields, `a message about alerts was given up: ${receiver} did not take it`);
    await deleteAlertMessage(database, id);
  } else {
    log.warn(fields, `a message about alerts did not arrive; it is sent again in ${seconds} s`);
    await postponeAlertMessage(database, id, seconds);
  }
  await receiverFailed(database, receiver, errorText(error));
}

export function errorText(error: Error): string {
  return error.message.slice(0, errorLengthMax);
}
