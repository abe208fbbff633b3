/** The typed client: upload, train by a job and follow it, ask about rows, fetch the scored file. */

import { openAsBlob } from "node:fs";
import { resolve } from "node:path";
import { createClient, isJob, ServiceError } from "nomaly/client";

const client = createClient({
  url: process.env["NOMALY_URL"] ?? "http://127.0.0.1:8080",
  apiKey: process.env["NOMALY_KEY"],
});

try {
  const file = await openAsBlob(resolve(import.meta.dirname, "../../fixtures/cars.csv"));
  const dataset = await client.datasets.upload(file, { name: "cars", fileName: "cars.csv" });
  console.log(`${dataset.n_samples} rows with ${dataset.columns.map(({ name }) => name).join(", ")}`);

  const detector = await client.detectors.create({ name: "cars", contamination: 0.05, options: { seed: 1 } });
  const training = await client.train({ detector_id: detector.id, dataset_id: dataset.id, background: true });
  for await (const { status, progress } of client.jobs.events(training.job_id)) console.log(`${status} ${progress}`);

  const { rows } = await client.explain({ detector_id: detector.id, dataset_id: dataset.id, top: 3 });
  for (const { row, rank, reasons } of rows) {
    console.log(`row ${row}, rank ${rank.toFixed(3)}: ${reasons[0].column} ${reasons[0].value}, usual is ${reasons[0].usual}`);
  }

  const scored = await client.predict({ detector_id: detector.id, dataset_id: dataset.id });
  const done = isJob(scored) ? (await client.jobs.wait(scored.job_id)).result : scored;
  const csv = await (await client.results.file(String(done?.["result_id"]), "csv")).text();
  console.log(csv.slice(0, csv.indexOf("\n")));
} catch (error) {
  if (!(error instanceof ServiceError)) throw error;
  console.error(`${error.message}${error.requestId === undefined ? "" : ` (request ${error.requestId})`}`);
  process.exitCode = 1;
}
