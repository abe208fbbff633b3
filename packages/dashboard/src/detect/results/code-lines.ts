/** What the page did, as lines that anyone can run. They never hold the reader's key. */

export interface Done {
  /** Address of the service. */
  readonly url: string;
  readonly fileName: string;
  readonly detectorId: string;
  readonly datasetId: string;
  readonly algorithmName: string;
  readonly hyperparameters: Readonly<Record<string, number | string | boolean>>;
  /** Of the training. */
  readonly contamination: number;
}

/** Scores the same rows with the same detector. */
export function curlLines({ url, detectorId, datasetId }: Done): string {
  const body = JSON.stringify({ detector_id: detectorId, dataset_id: datasetId, explain: true });
  return [
    `curl -sS --fail-with-body ${url}/api/detection/predict \\`,
    `  -H "X-API-Key: $NOMALY_KEY" -H "Content-Type: application/json" \\`,
    `  -d '${body}'`,
  ].join("\n");
}

/** Finds the anomalies of the file with the command. */
export function commandLine({ fileName, algorithmName, hyperparameters, contamination }: Done): string {
  const set = Object.entries(hyperparameters).map(([name, value]) => ` --set ${quoted(`${name}=${value}`)}`);
  return `nomaly detect ${quoted(fileName.startsWith("-") ? `./${fileName}` : fileName)} -a ${algorithmName}${set.join("")} --contamination ${contamination} --report report.html`;
}

/** The whole way by the client, in TypeScript for Node. */
export function clientLines({ url, fileName, algorithmName, hyperparameters, contamination }: Done): string {
  const settings = { name: `${algorithmName} on ${fileName}`, algorithm_name: algorithmName, hyperparameters, contamination };
  return `import { openAsBlob } from "node:fs";
import { createClient } from "nomaly/client";

const client = createClient({ url: ${JSON.stringify(url)}, apiKey: process.env.NOMALY_KEY });
const file = await openAsBlob(${JSON.stringify(fileName)});
const dataset = await client.datasets.upload(file, { fileName: ${JSON.stringify(fileName)} });
const detector = await client.detectors.create(${JSON.stringify({ ...settings, options: { missing: "auto" } })});
const asked = { detector_id: detector.id, dataset_id: dataset.id, background: true } as const;
await client.jobs.wait((await client.train(asked)).job_id);
const scored = await client.jobs.wait((await client.predict({ ...asked, explain: true })).job_id);
console.log(await client.results.get(String(scored.result?.result_id)));`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.,=/+:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
