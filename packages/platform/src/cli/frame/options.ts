/** Defines the options of the commands, for parsing, help and completion. */

import { csvOptionSpecs } from "../../files/read/csv/csv-option-specs.ts";

/** A list of values, or the name of a list that only completion loads. */
export type Offers = readonly string[] | "algorithms" | "threshold methods" | "shells" | "load tests";

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of the value in help; without one the option is a switch. */
  readonly value?: string;
  readonly repeated?: boolean;
  /** All allowed values. */
  readonly choices?: readonly string[];
  /** Values that completion offers; other values may be valid too. */
  readonly offers?: Offers;
  readonly summary: string;
}

const formats = ["csv", "tsv", "json", "ndjson", "parquet", "arrow"];

export const inputOptions: readonly OptionSpec[] = [
  { name: "format", value: "FORMAT", offers: formats, summary: "format of the input, if neither name nor content shows it" },
  ...csvOptionSpecs.map((spec) => ({ ...spec, name: spec.name.replaceAll("_", "-"), summary: `CSV: ${spec.summary}` })),
];

export const columnOptions: readonly OptionSpec[] = [
  { name: "columns", value: "A,B", summary: "use these columns only" },
  { name: "exclude", value: "A,B", summary: "leave these columns out" },
  { name: "categorical", value: "A,B", summary: "treat these columns as categories even if they hold numbers" },
  {
    name: "scaling",
    value: "HOW",
    choices: ["auto", "none", "standard", "robust", "min-max"],
    summary: "scale columns; auto: standard where the algorithm compares columns",
  },
  {
    name: "missing",
    value: "HOW",
    choices: ["auto", "refuse", "median", "indicator"],
    summary:
      "missing values: median fills numbers with the median of their column; indicator also adds a 0/1 column for each such column; auto (default) adds one column that counts them where 1 % of the rows or more, and at least 10, miss a value; refuse ends with an error; a missing text becomes a value of its own",
  },
  { name: "categories", value: "HOW", choices: ["auto", "one-hot", "frequency"], summary: "how text becomes numbers" },
];

export const thresholdOptions: readonly OptionSpec[] = [
  { name: "contamination", value: "SHARE", summary: "expected share of anomalies, above 0 to 0.5 (default 0.1)" },
  {
    name: "threshold",
    value: "SPEC",
    offers: "threshold methods",
    summary: "instead of contamination: a score, or percentile, iqr, mad, extreme-value, with parameters as in iqr:factor=3",
  },
];

/** For a model that has a threshold: computed from the training scores that it keeps. */
export const movedThresholdOptions: readonly OptionSpec[] = thresholdOptions.map((option) =>
  option.name === "contamination"
    ? { ...option, summary: "another threshold: the one that a fit with this share of anomalies sets, above 0 to 0.5" }
    : option,
);

export const fitOptions: readonly OptionSpec[] = [
  {
    name: "algorithm",
    short: "a",
    value: "ID",
    offers: "algorithms",
    summary:
      "default auto, which asks five and combines them; `nomaly detectors` lists all; detect and evaluate take several, as in knn,pca,mcd, and all (but those of series)",
  },
  {
    name: "set",
    value: "NAME=VALUE",
    repeated: true,
    summary:
      "a parameter of the algorithm, such as n_neighbors=10; of several algorithms, it is set where it exists, and knn.n_neighbors=10 sets it for one; repeatable",
  },
  ...thresholdOptions,
  { name: "seed", value: "N", summary: "equal seeds give equal results (default 1)" },
  {
    name: "fit-rows",
    value: "N",
    summary: "fit on at most N rows, drawn at random (default: as many as fit in 128 MiB, of auto in 32 MiB)",
  },
];

/** A comparison needs no threshold. */
export const comparisonOptions: readonly OptionSpec[] = [
  {
    name: "algorithm",
    short: "a",
    value: "ID,ID",
    offers: "algorithms",
    summary: "which algorithms, or all but those of series (all; default isolation-forest, ecod, knn, pca, mcd)",
  },
  ...fitOptions.filter(({ name }) => ["set", "seed", "fit-rows"].includes(name)),
];

export const labelOption: OptionSpec = {
  name: "label",
  value: "COL",
  summary: "column of known labels (1 anomalous, 0 normal, or any two values): never used to fit, only to evaluate",
};

export const anomalyValueOption: OptionSpec = {
  name: "anomaly-value",
  value: "VALUE",
  summary: "the value of anomalous rows in the --label column, such as malignant (default: 1, true, yes, anomaly, ...)",
};

export const threadsOption: OptionSpec = {
  name: "threads",
  value: "N",
  summary: "worker threads (default: as many as speed the work up)",
};

export const progressOption: OptionSpec = {
  name: "progress",
  summary: "tell on standard error how far the work is, also where that is no terminal: a line every five seconds",
};

export const outputOptions: readonly OptionSpec[] = [
  {
    name: "output",
    short: "o",
    value: "OUT",
    summary:
      "write all rows with anomaly_score, is_anomaly and rank, and anomaly_score_knn and so on of several algorithms; - for standard output",
  },
  { name: "output-format", value: "FORMAT", offers: formats, summary: "format of the output, if its name does not show it" },
  {
    name: "spreadsheet-safe",
    summary: "CSV: put a single quote before texts that a spreadsheet would run as a formula; by default texts stay unchanged",
  },
  { name: "only-anomalies", summary: "write only the rows that are anomalous" },
  {
    name: "sort",
    value: "HOW",
    choices: ["score"],
    summary: "write the rows with the highest score first; by default they keep the order of the file",
  },
  { name: "explain", summary: "add a column `reasons` to the output, with the reasons of each anomaly" },
];

export const modelOption: OptionSpec = { name: "model", short: "m", value: "MODEL", summary: "model file made by `nomaly fit`" };

export const shownOptions: readonly OptionSpec[] = [
  { name: "top", value: "N", summary: "how many of the most anomalous rows to show (default 20)" },
  {
    name: "id",
    value: "COL",
    summary:
      "column that names rows in tables, never used to fit (default: a text column that is left out because nearly all its values differ)",
  },
];

export const reportOption: OptionSpec = {
  name: "report",
  value: "FILE.html",
  summary: "write a self-contained page with charts, reasons and the command",
};

export const jsonOption: OptionSpec = { name: "json", summary: "print one JSON document instead of tables" };

export const generalOptions: readonly OptionSpec[] = [
  { name: "help", short: "h", summary: "show this help" },
  { name: "version", summary: "show the version" },
  { name: "debug", summary: "show stack traces of errors" },
];
