/** Runs a PostgreSQL for the tests until its input ends, and prints its address. Needs `--conditions=source`. */

import { startTestServer } from "../../packages/platform/test-support/servers/postgres.ts";

/** Services and stores of several test files at once. */
const connectionCountMax = 600;

const server = await startTestServer([`max_connections=${connectionCountMax}`]);
console.log(server.url);
process.stdin.resume().once("end", () => void server.stop());
