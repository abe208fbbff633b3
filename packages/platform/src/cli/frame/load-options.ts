/** Options of `nomaly loadtest`. */

import {
  columnOptions,
  inputOptions,
  jsonOption,
  type OptionSpec,
  progressOption,
  reportOption,
  threadsOption,
} from "./options.ts";

export const loadTestOptions: readonly OptionSpec[] = [
  { name: "url", value: "URL", summary: "address of the service, such as http://127.0.0.1:8080" },
  { name: "data", value: "FILE", summary: "detection, training: file of the rows that are sent, of which all are used" },
  { name: "detector", value: "ID", summary: "detection: id of the trained detector that scores" },
  { name: "detector-type", value: "ID", offers: "algorithms", summary: "training: which algorithm (default isolation-forest)" },
  { name: "concurrency", value: "N", summary: "connections, each with one request at a time (default 50; training: 5)" },
  { name: "duration", value: "SECONDS", summary: "detection, mixed: how long requests are sent and measured (default 60)" },
  { name: "jobs", value: "N", summary: "training: how many trainings in all (default: as many as --concurrency)" },
  {
    name: "rate",
    value: "N",
    summary:
      "detection, mixed: an open loop with N requests a second, sent whether or not earlier ones are answered; without it, each connection sends again when it has its answer",
  },
  { name: "warm-up", value: "SECONDS", summary: "detection, mixed: full load before the measured time (default 0)" },
  { name: "ramp", value: "SECONDS", summary: "detection, mixed: time in which the load rises, before the warm-up (default 0)" },
  { name: "rows", value: "N", summary: "detection: rows of a request (default 10), drawn anew for each" },
  { name: "seed", value: "N", summary: "detection, mixed: seed of the drawing (default 1)" },
  { name: "timeout", value: "SECONDS", summary: "longest wait for an answer (default 30; training, with its job: 600)" },
  { name: "api-key", value: "KEY", summary: "key of the service (better in NOMALY_API_KEY, as others may see command lines)" },
  {
    name: "expect",
    value: "LIMIT",
    repeated: true,
    summary:
      "a field of the result and its limit, such as 'p95<200' or 'success_rate>=99.9'; exit code 5 where one is missed; repeatable",
  },
  { name: "i-own-this-target", summary: "allow an address that is not on this machine" },
  reportOption,
  jsonOption,
  progressOption,
  ...columnOptions.filter(({ name }) => name === "columns" || name === "exclude"),
  threadsOption,
  ...inputOptions,
];
