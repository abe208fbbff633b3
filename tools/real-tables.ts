/** Runs `nomaly detect` on real tables, and prints what it refused or read otherwise than pandas. `--seed N` draws other tables. */

import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  type CheckedTable,
  checkTable,
  drawTables,
  prepareTables,
} from "../packages/platform/test-support/real-tables/check-tables.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, count: { type: "string", default: "100" } } });
const folder = resolve(import.meta.dirname, "../out/real-tables");

async function main(): Promise<void> {
  const missing = prepareTables();
  if (missing !== undefined) throw new Error(`Python with the packages of the tables is not to be had: ${missing}`);
  const [seed, count] = [Number(values.seed), Number(values.count)];
  const tablesFolder = join(folder, `seed-${seed}`);
  const { pandas, tables } = drawTables(tablesFolder, { seed, count });
  console.log(`seed ${seed}, ${tables.length} tables in ${tablesFolder}, compared with pandas ${pandas}\n`);
  const checked: CheckedTable[] = [];
  for (const told of tables) {
    const table = await checkTable(tablesFolder, told);
    checked.push(table);
    if (table.code !== 0) console.log(`${told.file}: exit code ${table.code}: ${table.message}\n`);
    if (table.misread.length > 0) console.log(`${told.file} (${told.written}):\n  ${table.misread.join("\n  ")}\n`);
  }
  console.log(summary(checked).join("\n"));
}

/** A Markdown table with a row for each package. */
function summary(checked: readonly CheckedTable[]): string[] {
  const row = (name: string, tables: readonly CheckedTable[]) => {
    const count = (is: (table: CheckedTable) => boolean) => tables.filter(is).length;
    const rowCount = tables.reduce((sum, { told }) => sum + told.row_count, 0).toLocaleString("en-US");
    const slowest = Math.max(...tables.map(({ seconds }) => seconds)).toFixed(1);
    const [refused, crashed] = [count(({ code }) => code === 3), count(({ code }) => code !== 0 && code !== 3)];
    const misread = count((table) => table.misread.length > 0);
    return `| ${name} | ${tables.length} | ${rowCount} | ${crashed} | ${refused} | ${misread} | ${slowest} s |`;
  };
  const packages = [...new Set(checked.map(({ told }) => told.package))].toSorted();
  return [
    "| package | tables | rows | crashes | refused | misread | slowest |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...packages.map((name) =>
      row(
        name,
        checked.filter(({ told }) => told.package === name),
      ),
    ),
    row("all", checked),
  ];
}

await main();
