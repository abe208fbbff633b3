/** Finds the columns of a text format that hold only whole numbers: while they are read, or with a query for columns not read. */

import type { Column } from "@nomaly/detect";
import type { Batch } from "../read/row-stream.ts";
import type { Database } from "./database.ts";
import { columnSql, type Relation, type RelationColumn } from "./relation.ts";

export interface WholeNumbers {
  /** A pass over these columns begins at the first row. */
  begin(columns: readonly RelationColumn[]): void;
  note(batch: Batch): void;
  /** The pass over these columns has read the last row. */
  end(columns: readonly RelationColumn[]): void;
  /** Queries the columns that no pass has read, and returns all whole columns. */
  all(): Promise<ReadonlySet<string>>;
}

export function wholeNumbers(database: Database, relation: Relation): WholeNumbers {
  const known = new Map<string, boolean>();
  let reading = new Set<string>();

  return {
    begin(columns) {
      reading = new Set(columns.map(({ name }) => name).filter((name) => relation.maybeWhole?.has(name)));
    },
    note(batch) {
      for (const column of batch.columns) if (reading.has(column.name) && hasFraction(column)) reading.delete(column.name);
    },
    end(columns) {
      for (const { name } of columns) if (relation.maybeWhole?.has(name)) known.set(name, reading.has(name));
    },
    async all() {
      const unread = relation.columns.filter(({ name }) => relation.maybeWhole?.has(name) === true && !known.has(name));
      if (unread.length > 0) {
        const tests = unread.map((column, index) => `bool_and(trunc(${columnSql(column)}) = ${columnSql(column)}) AS c${index}`);
        const [row] = await database.rows(`SELECT ${tests.join(", ")} FROM ${relation.sql}`);
        // The result is null for a column without values, which counts as whole.
        for (const [index, { name }] of unread.entries()) known.set(name, row[`c${index}`] !== false);
      }
      return new Set([...known].filter(([, isWhole]) => isWhole).map(([name]) => name));
    },
  };
}

function hasFraction(column: Column): boolean {
  return column.kind !== "text" && column.values.some((value) => !Number.isInteger(value) && !Number.isNaN(value));
}
