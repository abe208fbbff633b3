/** Parses the text format of Prometheus as strictly as its description: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly MetricSample[];
}

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (-?\d+))?$/;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/y;
// Go's ParseFloat reads these words with letters of any case.
const numberPattern = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]inf|nan)$/i;
const types = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);

/** @throws Error with the line that the format does not allow. */
export function parsePrometheusText(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { name: string; type: string; hasHelp: boolean; samples: MetricSample[] }>();
  const seen = new Set<string>();
  let current = "";
  const familyOf = (name: string, line: string) => {
    const known = families.get(name);
    if (known !== undefined && current !== name) throw new Error(`${name} comes in two groups: ${line}`);
    const family = known ?? { name, type: "untyped", hasHelp: false, samples: [] };
    families.set(name, family);
    current = name;
    return family;
  };
  for (const line of text.split("\n").slice(0, -1)) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind !== undefined) {
      if (!namePattern.test(name)) throw new Error(`no name of a metric: ${line}`);
      const family = familyOf(name, line);
      if (family.samples.length > 0) throw new Error(`after the first sample: ${line}`);
      if (kind === "TYPE" ? family.type !== "untyped" : family.hasHelp) throw new Error(`twice: ${line}`);
      if (kind === "HELP") family.hasHelp = true;
      else if (types.has(rest)) family.type = rest;
      else throw new Error(`no type: ${line}`);
    } else if (line !== "" && !line.startsWith("# ")) {
      const sample = parseSample(line);
      const base = sample.name.replace(/_(bucket|sum|count)$/, "");
      const owner = families.get(base)?.type === "histogram" || families.get(base)?.type === "summary" ? base : sample.name;
      const id = JSON.stringify([sample.name, keyOf(sample.labels)]);
      if (seen.has(id)) throw new Error(`the same sample twice: ${line}`);
      seen.add(id);
      familyOf(owner, line).samples.push(sample);
    }
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function parseSample(line: string): MetricSample {
  const [, name, labelText = "", value = ""] = samplePattern.exec(line) ?? [];
  if (name === undefined || !numberPattern.test(value)) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < labelText.length) {
    const found = labelPattern.exec(labelText);
    if (found === null || found[1] in labels) throw new Error(`no labels: ${line}`);
    labels[found[1]] = found[2].replaceAll(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
  }
  return { name, labels, value: Number(value.replace(/inf$/i, "Infinity")) };
}

function checkFamily({ name, type, hasHelp, samples }: MetricFamily & { readonly hasHelp: boolean }): void {
  if (!hasHelp || type === "untyped") throw new Error(`${name} has no help or no type`);
  if (type === "counter" && !/[^_]_total$/.test(name)) throw new Error(`the counter ${name} does not end in _total`);
  if (type !== "counter" && name.endsWith("_total")) throw new Error(`${name} is no counter and ends in _total`);
  if (/_total_total|_ms(_|$)/.test(name)) throw new Error(`${name} is no name`);
  if (type === "counter" && samples.some(({ value }) => !(value >= 0))) throw new Error(`the counter ${name} is below 0`);
  if (type === "histogram") checkHistogram(name, samples);
}

/** Gives the same text for the same labels in another order. */
function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Requires that buckets never decrease and that the last equals the count. */
function checkHistogram(name: string, samples: readonly MetricSample[]): void {
  const series = new Map<string, { buckets: MetricSample[]; count?: number; hasSum?: boolean }>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = keyOf(labels);
    const one = series.get(key) ?? { buckets: [] };
    series.set(key, one);
    if (sample.name === `${name}_bucket`) one.buckets.push(sample);
    else if (sample.name === `${name}_count`) one.count = sample.value;
    else if (sample.name === `${name}_sum`) one.hasSum = true;
    else throw new Error(`${sample.name} is no part of the histogram ${name}`);
  }
  for (const [key, { buckets, count, hasSum }] of series) {
    const limits = buckets.map(({ labels }) => Number((labels["le"] ?? "").replace("Inf", "Infinity")));
    const isOrdered = limits.every((limit, index) => index === 0 || limit > limits[index - 1]);
    const isGrowing = buckets.every(({ value }, index) => index === 0 || value >= buckets[index - 1].value);
    const isWhole = limits.at(-1) === Infinity && buckets.at(-1)?.value === count && hasSum === true;
    if (!isOrdered || !isGrowing || !isWhole) throw new Error(`the histogram ${name} ${key} does not add up`);
  }
}
