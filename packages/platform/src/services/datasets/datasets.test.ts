import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { profileDataset, uploadDataset } from "./datasets.ts";

let server: TestDatabase;
let open: OpenContext;
beforeAll(async () => {
  server = await startTestDatabase();
  open = await openContext(await server.createDatabase());
});
afterAll(async () => {
  await open.close();
  await server.stop();
});

it("asks for time that grows with the file before it is looked through", async () => {
  const content = `x,y\n${"1,2\n".repeat(2_000_000)}`;
  const asked: number[] = [];
  const call = { ...someCall(), allowTime: (ms: number) => void asked.push(ms) };
  const { value } = await uploadDataset(open.context, call, {
    name: "x",
    fileName: "x.csv",
    content: Readable.from([Buffer.from(content)]),
  });
  // A minute, and a second for each 5 MiB.
  const expected = 60_000 + (content.length / (5 * 1024 ** 2)) * 1000;
  expect(Math.max(...asked)).toBeCloseTo(expected, 0);
  asked.length = 0;
  await profileDataset(open.context, call, value.id);
  expect(Math.max(...asked)).toBeCloseTo(expected, 0);
});
