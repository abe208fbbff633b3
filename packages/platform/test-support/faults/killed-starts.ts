/** Kills servers while they prepare a database, lets the last one finish, and compares the schema. */

import type { Random } from "@nomaly/detect";
import { expect } from "vitest";
import { eventually } from "../eventually.ts";
import { healthy } from "./faults.ts";
import type { TestServer } from "../servers/postgres.ts";
import { ask } from "../requests.ts";
import { schemaFingerprint } from "../schema-fingerprint.ts";
import { launchService } from "../servers/service-process.ts";
import { openStage } from "../stage.ts";

export interface KilledStarts {
  readonly databaseCount: number;
  readonly killsOfEach: number;
  readonly random: Random;
}

/** Spreads the points over the bytes that an undisturbed first start exchanges with the database. @returns what happened, in words. */
export async function killStarts(server: TestServer, options: KilledStarts): Promise<string> {
  const { databaseCount, killsOfEach, random } = options;
  const { lines: wanted, byteCount } = await undisturbed(server);
  let killCount = 0;
  for (let round = 0; round < databaseCount; round++) {
    const stage = await openStage(server);
    try {
      for (let kill = 0; kill < killsOfEach; kill++) {
        const environment = { DATABASE_URL: stage.proxiedUrl };
        const launched = launchService({ dataFolder: stage.dataFolder, program: "newest", environment });
        stage.scene.opened(launched, (open) => open.end("SIGKILL"));
        let left = random.uniform() * byteCount;
        stage.proxy.watch((piece) => {
          left -= piece.byteLength;
          if (left <= 0) process.kill(launched.pid, "SIGKILL");
          if (left <= 0) stage.proxy.watch(undefined);
        });
        // A later start has less to do and may be ready before its point: then it is killed when it is ready.
        await eventually("the start is over", () => launched.hasEnded() || /nomaly serves/.test(launched.output()), 60_000);
        if ((await launched.end("SIGKILL")) === "SIGKILL") killCount++;
        stage.proxy.watch(undefined);
      }
      const { url } = await stage.start();
      expect(await schemaFingerprint(stage.databaseUrl)).toEqual(wanted);
      await ask(url, "POST /api/detectors", { json: { name: "after" } });
      await healthy(url);
    } finally {
      await stage.scene.endAll();
    }
  }
  return `${killCount} starts killed, ${databaseCount} databases complete; ${wanted.length} columns, indexes and constraints as in an undisturbed one`;
}

async function undisturbed(server: TestServer): Promise<{ readonly lines: readonly string[]; readonly byteCount: number }> {
  const stage = await openStage(server);
  try {
    let byteCount = 0;
    stage.proxy.watch((piece) => (byteCount += piece.byteLength));
    const { url } = await stage.start();
    await healthy(url);
    return { lines: await schemaFingerprint(stage.databaseUrl), byteCount };
  } finally {
    await stage.scene.endAll();
  }
}
