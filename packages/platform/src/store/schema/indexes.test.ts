import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../test-support/servers/store.ts";
import { listDatasets } from "../tables/datasets.ts";
import { detectorsByAlgorithms, listDetectors } from "../tables/detectors.ts";
import { newId } from "../../ids/ids.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import { listResults } from "../tables/results.ts";
import { monthOf } from "./result-partitions.ts";
import type { Sql } from "../postgres/sql.ts";

let server: TestDatabase;
let database: OpenDatabase;
const detectorId = newId();
const datasetId = newId();

beforeAll(async () => {
  server = await startTestDatabase();
  ({ database } = await openTestStore(server));
  await database.query(
    `insert into detectors (id, name, algorithm_name, contamination, is_fitted, created_at)
     select case n when 1 then $1::uuid else gen_random_uuid() end, 'a', 'algorithm-' || n % 100, 0.1, n % 50 = 0, now() - n * interval '1 minute'
     from generate_series(1, 20000) as n`,
    [detectorId],
  );
  await database.query(
    `insert into datasets (id, name, file_format, n_samples, n_features, size_bytes, checksum, columns, blob_key, created_at)
     select case n when 1 then $1::uuid else gen_random_uuid() end, 'a', case when n % 100 = 0 then 'arrow' else 'csv' end, n, 1, 1, '', '[]',
       'b' || n, now() - n * interval '1 minute' from generate_series(1, 20000) as n`,
    [datasetId],
  );
  await database.query(
    `insert into detection_results (id, detector_id, dataset_id, model_version, summary, created_at)
     select gen_random_uuid(), d.id, case when d.number % 200 = 0 then $1::uuid end, 1, '{}', date_trunc('month', now()) + d.number * interval '1 second'
     from (select id, row_number() over (order by created_at desc) % 500 as number from detectors) d, generate_series(1, 2)`,
    [datasetId],
  );
  await database.query("analyze");
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

/** How PostgreSQL would answer what a table module asks. */
async function planOf(ask: (sql: Sql) => Promise<unknown>): Promise<string> {
  let plan = "";
  const explaining: Sql = {
    query: async (text, values) => {
      const { rows } = await database.query<{ "QUERY PLAN": string }>(`explain ${text}`, values);
      plan += rows.map((row) => row["QUERY PLAN"]).join("\n");
      return { rows: [], rowCount: 0 };
    },
  };
  await ask(explaining);
  return plan;
}

describe("the common queries of large tables read an index, not the table", () => {
  const claims: readonly (readonly [string, string, (sql: Sql) => Promise<unknown>])[] = [
    ["newest detectors", "idx_detectors_created", (sql) => listDetectors(sql, { limit: 20 })],
    [
      "detectors of one algorithm",
      "idx_detectors_algo",
      (sql) => listDetectors(sql, { limit: 1000, algorithmName: "algorithm-7" }),
    ],
    [
      "fitted detectors of one algorithm",
      "idx_detectors_algo_fitted",
      (sql) => listDetectors(sql, { limit: 1000, algorithmName: "algorithm-50", isFitted: true }),
    ],
    ["detectors of many algorithms", "idx_detectors_algo", (sql) => detectorsByAlgorithms(sql, ["algorithm-1", "algorithm-2"])],
    ["newest data sets", "idx_datasets_created", (sql) => listDatasets(sql, { limit: 20 })],
    ["the largest data sets", "idx_datasets_size", (sql) => listDatasets(sql, { limit: 1000, nSamplesMin: 19_900 })],
    [
      "large data sets of one format",
      "idx_datasets_format_size",
      (sql) => listDatasets(sql, { limit: 1000, fileFormat: "arrow", nSamplesMin: 15_000 }),
    ],
    ["results of one detector", "detector_id", (sql) => listResults(sql, { limit: 1000, detectorId })],
    ["results of one data set", "dataset_id", (sql) => listResults(sql, { limit: 1000, datasetId })],
    ["newest results", "created_at", (sql) => listResults(sql, { limit: 20 })],
  ];
  it.each(claims)("%s", async (_, index, ask) => {
    const plan = await planOf(ask);
    expect(plan).toContain(index);
    // The partitions of other months are empty.
    for (const table of ["detectors", "datasets", monthOf(new Date(), 0).partition])
      expect(plan).not.toContain(`Seq Scan on ${table}`);
  });
});
