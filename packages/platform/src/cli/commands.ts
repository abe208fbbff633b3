/** The list of commands. What a command does is loaded when it runs. */

import type { Arguments } from "./frame/arguments.ts";
import type { CliContext } from "./frame/context.ts";
import type { OptionSpec } from "./frame/options.ts";
import { configFileOption, dataFolderOption, logLevelOption } from "./frame/service-options.ts";
import {
  columnOptions,
  fitOptions,
  inputOptions,
  jsonOption,
  labelOption,
  modelOption,
  outputOptions,
  shownOptions,
  threadsOption,
} from "./frame/options.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name. */
  readonly usage: string;
  /** Positional arguments at least and at most. */
  readonly operands: readonly [min: number, max: number];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  load(): Promise<CommandRun>;
}

export type CommandRun = (given: Arguments, context: CliContext) => Promise<void>;

export const commands: readonly Command[] = [
  {
    name: "detect",
    summary: "find the anomalies in a file",
    usage: "FILE [options]",
    operands: [1, 1],
    options: [
      ...fitOptions,
      labelOption,
      ...columnOptions,
      ...outputOptions,
      ...shownOptions,
      jsonOption,
      threadsOption,
      ...inputOptions,
    ],
    examples: [
      ["nomaly detect cars.csv", "show the most anomalous rows and why"],
      ["nomaly detect cars.csv --report report.html", "the same as a page with charts"],
      ["nomaly detect data.parquet -a ecod -o scored.parquet", "write every row with its score"],
      ["nomaly detect data.csv --label fraud --set n_estimators=300", "compare with known labels"],
      ["zcat log.ndjson.gz | nomaly detect - -o - --output-format ndjson", "in a pipe"],
    ],
    load: async () => (await import("./commands/detect.ts")).runDetect,
  },
  {
    name: "fit",
    summary: "learn from a file and save the model",
    usage: "FILE -m MODEL [options]",
    operands: [1, 1],
    options: [modelOption, ...fitOptions, labelOption, ...columnOptions, jsonOption, threadsOption, ...inputOptions],
    examples: [["nomaly fit normal.parquet -m plant.nomaly -a knn --set n_neighbors=10", "learn once, score later"]],
    load: async () => (await import("./commands/fit.ts")).runFit,
  },
  {
    name: "score",
    summary: "score the rows of a file with a saved model",
    usage: "FILE -m MODEL [options]",
    operands: [1, 1],
    options: [modelOption, labelOption, ...outputOptions, ...shownOptions, jsonOption, threadsOption, ...inputOptions],
    examples: [
      ["nomaly score today.csv -m plant.nomaly -o scored.csv", "score new rows"],
      ["nomaly score today.csv -m plant.nomaly --json", "for programs"],
    ],
    load: async () => (await import("./commands/score.ts")).runScore,
  },
  {
    name: "evaluate",
    summary: "compare algorithms, a model or scores with known labels",
    usage: "FILE --label COL [-a ID,ID | -m MODEL | --score COL] [options]",
    operands: [1, 1],
    options: [
      labelOption,
      modelOption,
      { name: "score", value: "COL", summary: "a column of scores, such as anomaly_score, instead of an algorithm" },
      ...fitOptions,
      ...columnOptions,
      jsonOption,
      threadsOption,
      ...inputOptions,
    ],
    examples: [
      ["nomaly evaluate data.csv --label fraud -a isolation-forest,ecod,knn", "which algorithm ranks the anomalies first"],
      ["nomaly evaluate data.csv --label fraud -a all", "every algorithm"],
      ["nomaly evaluate scored.csv --label fraud --score anomaly_score", "scores from elsewhere"],
    ],
    load: async () => (await import("./commands/evaluate.ts")).runEvaluate,
  },
  {
    name: "explain",
    summary: "say for given rows which columns made the score",
    usage: "FILE (-m MODEL | -a ID) [--rows 3,17] [options]",
    operands: [1, 1],
    options: [
      modelOption,
      { name: "rows", value: "N,N", summary: "rows to explain, the first is 1; by default the most anomalous" },
      ...fitOptions,
      labelOption,
      ...columnOptions,
      ...shownOptions.filter((option) => option.name !== "report"),
      jsonOption,
      threadsOption,
      ...inputOptions,
    ],
    examples: [["nomaly explain cars.csv --rows 7,117", "why these two"]],
    load: async () => (await import("./commands/explain.ts")).runExplain,
  },
  {
    name: "detectors",
    summary: "list the algorithms, or show one with its parameters",
    usage: "[ID] [options]",
    operands: [0, 1],
    options: [jsonOption],
    examples: [["nomaly detectors knn", "parameters, ranges and defaults"]],
    load: async () => (await import("./commands/detectors.ts")).runDetectors,
  },
  {
    name: "bench",
    summary: "measure the algorithms on this machine, on made-up rows",
    usage: "[options]",
    operands: [0, 0],
    options: [
      { name: "algorithm", short: "a", value: "ID,ID", summary: "which algorithms (default all)" },
      { name: "rows", value: "N", summary: "rows to fit and score (default 10000)" },
      { name: "columns", value: "N", summary: "columns (default 10)" },
      { name: "seed", value: "N", summary: "seed of the rows (default 1)" },
      jsonOption,
      threadsOption,
    ],
    examples: [["nomaly bench -a isolation-forest --rows 1000000", "seconds to fit and score a million rows"]],
    load: async () => (await import("./commands/bench.ts")).runBench,
  },
  {
    name: "serve",
    summary: "serve training and prediction over HTTP",
    usage: "[options]",
    operands: [0, 0],
    options: [
      { name: "port", value: "N", summary: "port to listen on (default 8080; 0 takes a free one)" },
      { name: "host", value: "ADDRESS", summary: "address to listen on (default 127.0.0.1; any but loopback needs keys)" },
      dataFolderOption,
      configFileOption,
      logLevelOption,
    ],
    examples: [
      ["nomaly serve", "with its own PostgreSQL, on this machine only"],
      ["DATABASE_URL=postgres://... REDIS_URL=redis://... nomaly serve --host 0.0.0.0", "on real servers, for others"],
    ],
    load: async () => (await import("./commands/serve.ts")).runServe,
  },
  {
    name: "worker",
    summary: "run the service's jobs in a process of their own",
    usage: "[options]",
    operands: [0, 0],
    options: [dataFolderOption, configFileOption, logLevelOption],
    examples: [["NOMALY_JOB_CONCURRENCY=4 nomaly worker", "beside a server, on the same or another machine"]],
    load: async () => (await import("./commands/serve.ts")).runWorker,
  },
  {
    name: "keys",
    summary: "make, list and revoke API keys",
    usage: "create NAME | list | revoke ID",
    operands: [1, 2],
    options: [
      {
        name: "scope",
        value: "SCOPE",
        choices: ["read", "score", "train", "admin"],
        summary: "what a new key may do (default score)",
      },
      { name: "days", value: "N", summary: "a new key ends after so many days" },
      jsonOption,
      dataFolderOption,
      configFileOption,
    ],
    examples: [
      ["nomaly keys create dashboard --scope read", "prints the key, once"],
      ["nomaly keys revoke 0197...", "at once, in every process"],
    ],
    load: async () => (await import("./commands/keys.ts")).runKeys,
  },
  {
    name: "config",
    summary: "list every setting of the service, its value and its source",
    usage: "[options]",
    operands: [0, 0],
    options: [dataFolderOption, configFileOption, jsonOption],
    examples: [["NOMALY_PORT=9000 nomaly config", "what a server started like this would use"]],
    load: async () => (await import("./commands/config.ts")).runConfig,
  },
  {
    name: "completion",
    summary: "print a script that completes commands and options in a shell",
    usage: "bash|zsh|fish",
    operands: [1, 1],
    options: [],
    examples: [
      ["source <(nomaly completion bash)", "in ~/.bashrc"],
      ["nomaly completion fish > ~/.config/fish/completions/nomaly.fish", "for fish"],
    ],
    load: async () => (await import("./commands/completion.ts")).runCompletion,
  },
];
