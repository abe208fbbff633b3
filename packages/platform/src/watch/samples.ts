/** The plain numbers of a part as named samples: `{ pool: { inUse: 3 } }` of the database is `nomaly_database_pool_in_use 3`. */

export interface Sample {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Objects whose names are a closed list of like things: a label instead of a name for each. */
const labelOfGroup: Readonly<Record<string, string>> = { kinds: "kind", byName: "job" };

/** Numbers of now; all others only grow. */
const momentary =
  /^(capacity|size|idle|inUse|overflow|waiting|hosts|open|pending.*|entryCount|sizeBytes|.*Max|flights|running|workers|busy|queued.*|loaded|bytes|inFlight|bodyBytes|lag.*|is[A-Z].*)$/;
const depthMax = 6;

export function samplesOf(prefix: string, stats: object): readonly Sample[] {
  const samples: Sample[] = [];
  collect(stats, { prefix, labels: {}, depth: 0 }, samples);
  return samples;
}

interface Place {
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly depth: number;
}

function collect(stats: object, { prefix, labels, depth }: Place, samples: Sample[]): void {
  for (const [key, value] of Object.entries(stats) as [string, unknown][]) {
    const name = `${prefix}_${snakeCase(key)}`;
    if (typeof value === "number" || typeof value === "boolean") {
      const isGauge = momentary.test(key) || typeof value === "boolean";
      samples.push({ name: isGauge ? name : `${name}_total`, type: isGauge ? "gauge" : "counter", labels, value: Number(value) });
    } else if (typeof value === "object" && value !== null && depth < depthMax) {
      const label = labelOfGroup[key];
      if (label === undefined) collect(value, { prefix: name, labels, depth: depth + 1 }, samples);
      else collectGroup(value, { prefix: `${prefix}_${label}`, labels, depth: depth + 1 }, label, samples);
    }
  }
}

// oxlint-disable-next-line eslint/max-params -- the place is one thing already
function collectGroup(group: object, place: Place, label: string, samples: Sample[]): void {
  for (const [key, value] of Object.entries(group) as [string, unknown][]) {
    if (typeof value !== "object" || value === null) continue;
    collect(value, { ...place, labels: { ...place.labels, [label]: key } }, samples);
  }
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
