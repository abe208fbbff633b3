/** Creates the logger: JSON lines on stderr, without secrets. */

import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";
import type { Config } from "../config/settings.ts";

const secretPlaces = ["req.headers.authorization", 'req.headers["x-api-key"]', "*.password", "*.connectionString"];

export function createLogger(level: Config["logLevel"]): FastifyBaseLogger {
  return pino({ level, base: { pid: process.pid }, redact: secretPlaces }, pino.destination({ fd: 2, sync: false }));
}
