/** A process that runs jobs until a signal stops it: `node job-worker.ts URL LEASE_SECONDS CONCURRENCY CLOSE_MS`. */

import { openQueue } from "../../src/jobs/open-queue.ts";
import { openTestDatabase } from "../servers/job-database.ts";
import { recordingHandlers } from "./job-handlers.ts";

const [url = "", leaseSeconds, concurrency, closeMs] = process.argv.slice(2);
const log = {
  info: (fields: object, message: string) => console.error(message, fields),
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};
const database = openTestDatabase(url);
const queue = await openQueue({ database, url, retryLimit: 3, log, leaseSeconds: Number(leaseSeconds) });
await queue.work(
  { ...recordingHandlers(database), maintenance: () => Promise.resolve({}) },
  { concurrency: Number(concurrency) },
);
process.once("SIGTERM", () => {
  void queue
    .close({ timeoutMs: Number(closeMs) })
    .then(() => database.close())
    .then(() => process.stdout.write("closed\n"));
});
process.stdout.write("ready\n");
