/** Sends fuzzed requests to a service and checks every reply. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { type ApiDescription, arbitraryRequest, createJudge, type FuzzedRequest, send } from "./fuzz.ts";
import { someRows, startService, trainedDetector, type TestService } from "../servers/service.ts";

export interface FuzzOutcome {
  readonly requestCount: number;
  readonly countOfStatus: Readonly<Record<string, number>>;
  /** Growth of live objects between an early and the last request. */
  readonly heapGrowthBytes: number;
}

const warmUpShare = 0.2;
const renewedEvery = 100;

/** @throws an error with the shortest request found whose reply is wrong or missing. */
export async function fuzzService(requestCount: number, seed?: number): Promise<FuzzOutcome> {
  const service = await startService();
  try {
    const api = (await service.ask("GET /openapi.json")).body as unknown as ApiDescription;
    const known = { ids: await things(service) };
    const judge = createJudge(api);
    const countOfStatus: Record<string, number> = {};
    let sent = 0;
    let heapBytes = 0;
    const request = arbitraryRequest(api, known);
    const check = async (fuzzed: FuzzedRequest) => {
      if (sent % renewedEvery === renewedEvery - 1) known.ids = await things(service);
      const reply = await send(service, fuzzed);
      countOfStatus[reply.status] = (countOfStatus[reply.status] ?? 0) + 1;
      if (++sent === Math.floor(requestCount * warmUpShare)) heapBytes = liveBytes();
      const wrong = judge(fuzzed, reply);
      if (wrong !== undefined) throw new Error(wrong);
    };
    await fc.assert(fc.asyncProperty(request, check), {
      numRuns: requestCount,
      endOnFailure: true,
      ...(seed === undefined ? {} : { seed }),
    });
    const alive = await service.ask("GET /health/ready");
    if (alive.status !== 200) throw new Error(`not ready afterwards: ${alive.bytes.toString()}`);
    return { requestCount, countOfStatus, heapGrowthBytes: liveBytes() - heapBytes };
  } finally {
    await service.close();
  }
}

/** Makes things to ask about (detectors, a data set, a result, a job) and gives their ids. */
async function things(service: TestService): Promise<readonly string[]> {
  const detector = await trainedDetector(service);
  const other = await trainedDetector(service, { algorithm_name: "hbos" });
  const dataset = await service.ask("POST /api/datasets", { json: { name: "rows", data: someRows(60) } });
  const kept = await service.ask("POST /detection/predict", { json: { detector_id: detector, data: someRows(10), keep: true } });
  const job = await service.ask("POST /detection/predict", {
    json: { detector_id: detector, dataset_id: dataset.body["id"], background: true },
  });
  return [detector, other, dataset.body["id"], kept.body["result_id"], job.body["job_id"]].map(String);
}

function liveBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
