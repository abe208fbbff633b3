/** The kinds of failure that a load test counts: a closed list, so that the counts stay bounded whatever a server does. */

import { MalformedAnswer } from "./answer-head.ts";

/** Each with its meaning, for people. */
export const errorKinds = {
  refused: "nothing listens at the address",
  unreachable: "no way to the address, or no such name",
  reset: "the server closed the connection before its answer was complete",
  timeout: "no complete answer within the time-out",
  malformed: "the answer is not HTTP/1.1",
  tls: "no agreement on an encrypted connection",
  unsent: "its turn did not come before the end: the rate is more than these connections take",
  client: "this machine has no more connections or files to give",
  other: "another failure of the network",
} as const;

export type ErrorKind = keyof typeof errorKinds;

const kindOfCode: Readonly<Record<string, ErrorKind>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timeout",
  EMFILE: "client",
  ENFILE: "client",
  EADDRNOTAVAIL: "client",
};

export function errorKindOf(error: unknown): ErrorKind {
  if (error instanceof MalformedAnswer) return "malformed";
  // Several addresses of one name were tried: the first failure stands for all.
  if (error instanceof AggregateError && error.errors.length > 0) return errorKindOf(error.errors[0]);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known = kindOfCode[code];
  if (known !== undefined) return known;
  return /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code) ? "tls" : "other";
}
