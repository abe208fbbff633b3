/** Every migration, in order. Numbers never change; a database that has run one will not run it again. */

import type { Sql } from "../../postgres/sql.ts";
import { tables } from "./0001-tables.ts";
import { buildIndexes } from "./0002-indexes.ts";
import { installation } from "./0003-installation.ts";
import { trainings } from "./0004-trainings.ts";
import { changeIds } from "./0005-change-ids.ts";
import { requestCounts } from "./0006-request-counts.ts";
import { datasetReading } from "./0007-dataset-reading.ts";
import { modelOrigins } from "./0008-model-origins.ts";
import { storedBytes } from "./0009-stored-bytes.ts";
import { schedules } from "./0010-schedules.ts";
import { trainingErrors } from "./0011-training-errors.ts";
import { datasetNotes } from "./0012-dataset-notes.ts";
import { performanceSamples } from "./0013-performance-samples.ts";
import { alerts } from "./0014-alerts.ts";

interface Numbered {
  readonly number: number;
  readonly name: string;
}

export interface TransactionMigration extends Numbered {
  readonly kind: "transaction";
  readonly sql: string;
}

/** For statements that PostgreSQL refuses in a transaction: each runs by itself, and all run again after an interruption. */
export interface RepeatableMigration extends Numbered {
  readonly kind: "repeatable";
  readonly run: (sql: Sql) => Promise<void>;
}

export type Migration = TransactionMigration | RepeatableMigration;

export const migrations: readonly Migration[] = [
  { number: 1, name: "tables", kind: "transaction", sql: tables },
  { number: 2, name: "indexes", kind: "repeatable", run: buildIndexes },
  { number: 3, name: "installation", kind: "transaction", sql: installation },
  { number: 4, name: "trainings", kind: "transaction", sql: trainings },
  { number: 5, name: "change-ids", kind: "transaction", sql: changeIds },
  { number: 6, name: "request-counts", kind: "transaction", sql: requestCounts },
  { number: 7, name: "dataset-reading", kind: "transaction", sql: datasetReading },
  { number: 8, name: "model-origins", kind: "transaction", sql: modelOrigins },
  { number: 9, name: "stored-bytes", kind: "transaction", sql: storedBytes },
  { number: 10, name: "schedules", kind: "transaction", sql: schedules },
  { number: 11, name: "training-errors", kind: "transaction", sql: trainingErrors },
  { number: 12, name: "dataset-notes", kind: "transaction", sql: datasetNotes },
  { number: 13, name: "performance-samples", kind: "transaction", sql: performanceSamples },
  { number: 14, name: "alerts", kind: "transaction", sql: alerts },
];
