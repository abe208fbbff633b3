import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestFolder, runInProcess, toCsv } from "../../test-support/run-cli.ts";
import { freePort } from "../../test-support/servers/free-port.ts";
import {
  answers,
  neverAnswers,
  type Received,
  type ScriptedServer,
  type Step,
  startScriptedServer,
} from "../../test-support/servers/scripted-server.ts";
import { someRows, startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

const folder = createTestFolder();
const rowCount = 200;
const csv = folder.write("rows.csv", toCsv(someRows(rowCount)));
afterAll(() => folder.remove());
afterEach(() => vi.unstubAllEnvs());

interface Result {
  readonly [name: string]: unknown;
  readonly total_requests: number;
  readonly successful_requests: number;
  readonly avg_training_time: number;
  readonly avg_total_time: number;
  readonly kinds: readonly { readonly name: string; readonly total_requests: number }[];
  readonly notes: readonly string[];
}

async function tested(code: number, ...words: string[]): Promise<Result> {
  const result = await runInProcess(["loadtest", ...words, "--json"]);
  expect([result.code, code === 0 ? result.stderr : ""]).toEqual([code, ""]);
  return JSON.parse(result.stdout) as Result;
}

async function withServer<Value>(script: readonly Step[], use: (server: ScriptedServer) => Promise<Value>): Promise<Value> {
  const server = await startScriptedServer(script);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

const detection = (url: string, ...words: string[]) => [
  "detection",
  "--url",
  url,
  "--detector",
  "d",
  "--data",
  csv,
  "--duration",
  "0.3",
  "--concurrency",
  "2",
  ...words,
];
const ok = answers(200, { ok: true });

describe("against a real service", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it("detection counts as many good answers as the service gave, with times in order", async () => {
    const id = await trainedDetector(service);
    const words = ["--url", service.url, "--detector", id, "--data", csv, "--duration", "1", "--concurrency", "4"];
    const result = await tested(0, "detection", ...words, "--expect", "success_rate>=100", "--expect", "p95<60000");
    expect(result.total_requests).toBeGreaterThan(20);
    expect(result).toMatchObject({ success_rate: 100, by_status: { "200": result.total_requests }, by_error: {} });
    const times = ["min", "median", "p90", "p95", "max"].map((name) => Number(result[`${name}_response_time`]));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("training trains as often as asked, with the service's own times, and leaves no detector behind", async () => {
    const before = (await service.ask("GET /api/detectors")).body["items"] as readonly unknown[];
    const result = await tested(0, "training", "--url", service.url, "--data", csv, "--jobs", "3", "--concurrency", "2");
    expect(result).toMatchObject({ total_training_jobs: 3, successful_jobs: 3, success_rate: 100, left_detectors: [] });
    expect(result.avg_training_time).toBeGreaterThan(0);
    expect(result.avg_total_time).toBeGreaterThan(result.avg_training_time);
    expect((await service.ask("GET /api/detectors")).body["items"]).toEqual(before);
  });

  it("training with an unknown algorithm fails with the service's own words", async () => {
    const result = await tested(5, "training", "--url", service.url, "--data", csv, "--detector-type", "crystal-ball");
    expect(result).toMatchObject({ total_training_jobs: 5, successful_jobs: 0, avg_training_time: null, avg_total_time: null });
    expect(result.notes.join()).toMatch(/^the first refusal \(\d+\): \w+: .*crystal-ball/);
  });

  it("mixed sends each kind by its weight, with limits of its own", async () => {
    const id = await trainedDetector(service);
    const scenario = folder.write(
      "day.json",
      JSON.stringify({
        duration: 1,
        rate: 40,
        concurrency: 4,
        kinds: [
          { kind: "predict", name: "score", weight: 7, detector_id: id, data: "rows.csv", expect: ["success_rate>=100"] },
          { kind: "train", weight: 1, detector_id: id, data: "rows.csv" },
          { kind: "health", weight: 2, expect: ["max<0"] },
        ],
      }),
    );
    const result = await tested(5, "mixed", scenario, "--url", service.url);
    expect(result).toMatchObject({ total_requests: 40, success_rate: 100 });
    expect(result.kinds.map(({ name, total_requests: count }) => [name, count])).toEqual([
      ["score", 28],
      ["train", 4],
      ["health", 8],
    ]);
    const { stderr } = await runInProcess(["loadtest", "mixed", scenario, "--url", service.url, "--duration", "0.2"]);
    expect(stderr).toMatch(/^nomaly: 1 of 2 limits missed: health: max<0 \([\d.]+\)\n$/);
  });
});

describe("what is sent", () => {
  it("is every row of the file as an object, in bodies that differ", async () => {
    const bodies = await withServer([ok], async (server) => {
      await tested(0, ...detection(server.url, "--rate", "200"));
      return server.received.map(({ route, body }) => {
        expect(route).toBe("POST /detection/predict");
        return JSON.parse(body.toString()) as { readonly detector_id: string; readonly data: readonly { readonly x: number }[] };
      });
    });
    expect([bodies.length, new Set(bodies.map((body) => JSON.stringify(body))).size]).toEqual([60, 60]);
    expect(bodies.every(({ detector_id: id, data }) => id === "d" && data.length === 10)).toBe(true);
    expect(new Set(bodies.flatMap(({ data }) => data.map(({ x }) => x)))).toEqual(new Set(someRows(rowCount).map(({ x }) => x)));
  });

  it("has the columns that the command line chooses", async () => {
    await withServer([ok], async (server) => {
      await tested(0, ...detection(server.url, "--exclude", "y", "--rows", "1"));
      expect(server.received[0].body.toString()).toMatch(/^\{"detector_id":"d","data":\[\{"x":-?[\d.e-]+\}\]\}$/);
      const { code, stderr } = await runInProcess(["loadtest", ...detection(server.url, "--columns", "xx")]);
      expect([code, stderr]).toEqual([3, expect.stringContaining('has no column "xx"; did you mean "x"?')]);
    });
  });

  it.each(["option", "variable"])("carries the key of the %s, which is shown nowhere", async (source) => {
    if (source === "variable") vi.stubEnv("NOMALY_API_KEY", "tops3cret");
    const report = folder.file("load.html");
    const key = source === "option" ? ["--api-key", "tops3cret"] : [];
    await withServer([ok], async (server) => {
      const words = ["loadtest", ...detection(server.url, ...key, "--report", report, "--progress")];
      const { code, stdout, stderr } = await runInProcess(words);
      expect([code, server.received[0].headers["x-api-key"]]).toEqual([0, "tops3cret"]);
      expect(stdout + stderr + folder.read("load.html")).not.toContain("tops3cret");
    });
  });
});

describe("training", () => {
  const routeOf = ({ route }: Received) => route.replace(/[\w-]+$/, (word) => (word === "train" ? word : "ID"));
  const job = (status: string, result: unknown = null) => answers(200, { id: "j", status, result, error: null });

  it("follows a 202 to the end of its job, whose own time counts", async () => {
    const steps = [
      answers(201, { id: "x" }),
      answers(202, { job_id: "j" }),
      job("queued"),
      job("running"),
      job("succeeded", { training_time_ms: 7 }),
      answers(204, ""),
    ];
    await withServer(steps, async (server) => {
      const words = ["--url", server.url, "--data", csv, "--jobs", "1"];
      const result = await tested(0, "training", ...words);
      expect(result).toMatchObject({ successful_jobs: 1, queued_jobs: 1, avg_training_time: 7, by_status: { "202": 1 } });
      // Two waits of 100 ms between three looks at the job.
      expect(result.avg_total_time).toBeGreaterThan(190);
      expect(server.received.map(routeOf)).toEqual([
        "POST /api/ID",
        "POST /detection/train",
        "GET /api/jobs/ID",
        "GET /api/jobs/ID",
        "GET /api/jobs/ID",
        "DELETE /api/detectors/ID",
      ]);
    });
  });

  it("a job that fails is an error of its kind, with its reason, and its detector is removed all the same", async () => {
    const failed = answers(200, { status: "failed", error: { code: "TOO_FEW_ROWS", detail: "it has 1" } });
    const steps = [answers(201, { id: "x" }), answers(202, { job_id: "j" }), failed, answers(500, {})];
    await withServer(steps, async (server) => {
      const result = await tested(5, "training", "--url", server.url, "--data", csv, "--jobs", "1");
      expect(result).toMatchObject({ total_training_jobs: 1, successful_jobs: 0, by_error: { job: 1 }, left_detectors: ["x"] });
      expect(result.notes).toEqual([
        "1 detector of this test could not be removed: x",
        "the first refusal (200): TOO_FEW_ROWS: it has 1",
      ]);
    });
  });

  it("a job that goes on beyond the time-out is cancelled", async () => {
    const steps = [answers(201, { id: "x" }), answers(202, { job_id: "j" }), job("running")];
    await withServer(steps, async (server) => {
      const result = await tested(5, "training", "--url", server.url, "--data", csv, "--jobs", "1", "--timeout", "0.3");
      expect(result).toMatchObject({ by_error: { timeout: 1 }, total_training_jobs: 1 });
      expect(server.received.map(routeOf).slice(-2)).toEqual(["DELETE /api/jobs/ID", "DELETE /api/detectors/ID"]);
    });
  });
});

describe("the exit code", () => {
  it.each([
    [0, ["--expect", "success_rate>=100", "--expect", "p90_response_time<60000"]],
    [5, ["--expect", "success_rate>=100", "--expect", "max<0"]],
    [2, ["--expect", "p98<1"]],
    [2, ["--rate", "0"]],
    [2, ["--jobs", "3"]],
    [2, ["--detector-type", "knn"]],
  ])("is %i with %j", async (code, words) => {
    await withServer([ok], async ({ url }) => {
      expect((await runInProcess(["loadtest", ...detection(url, ...words)])).code).toBe(code);
    });
  });

  it("is 5 where nothing listens, and the errors are counted", async () => {
    const result = await tested(5, ...detection(`http://127.0.0.1:${await freePort()}`));
    expect(result).toMatchObject({ successful_requests: 0, success_rate: 0, avg_response_time: null, by_status: {} });
    expect(result["by_error"]).toEqual({ refused: result.total_requests });
  });

  it("is 2 for a target that is not on this machine, and nothing is sent", async () => {
    const { code, stderr } = await runInProcess(["loadtest", ...detection("http://192.0.2.1")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--i-own-this-target allows it")]);
  });

  it.each([
    [2, [], "needs detection"],
    [2, ["spike"], 'knows detection, training, mixed, not "spike"'],
    [2, ["detection", "x.csv"], "its rows are given by --data FILE"],
    [2, ["detection", "--url", "http://127.0.0.1:1", "--data", "x.csv"], "needs --detector"],
    [2, ["mixed"], "needs SCENARIO.json"],
    [3, ["mixed", "none.json", "--url", "http://127.0.0.1:1"], "none.json does not exist"],
  ])("is %i for the words %j", async (code, words, message) => {
    const result = await runInProcess(["loadtest", ...words]);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it("is 130 where the test was stopped, after what there is was printed", async () => {
    const abort = new AbortController();
    await withServer([ok, ok, (received, response) => (abort.abort(), neverAnswers(received, response))], async ({ url }) => {
      const words = ["loadtest", "detection", "--url", url, "--detector", "d", "--data", csv, "--concurrency", "1"];
      const { code, stdout, stderr } = await runInProcess([...words, "--json"], { signal: abort.signal });
      expect([code, JSON.parse(stdout)]).toEqual([130, expect.objectContaining({ total_requests: 2, is_stopped: true })]);
      expect(stderr).toContain("ABORTED: the load test was stopped");
    });
  });
});

it("people see figures, bars, statuses and limits; the page shows the same without scripts", async () => {
  await withServer([ok, ok, answers(429, { code: "RATE_LIMITED", detail: "<b>too many</b>" }), ok], async ({ url }) => {
    const report = folder.file("page.html");
    const words = ["loadtest", ...detection(url, "--rate", "100", "--expect", "success_rate>=100", "--report", report)];
    const { code, stdout } = await runInProcess(words);
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^load test of detection at http:\/\/127\.0\.0\.1:\d+\nopen loop of 100 requests a second, 2 connections/,
    );
    expect(stdout).toMatch(/\nrequests +30\nsuccessful +96\.666 %\n/);
    expect(stdout).toMatch(/\n1 request: status 429 \(the limit of the key.*\)\n/);
    expect(stdout).toMatch(/\nmissed {2}success_rate>=100 {2}\(96\.666\)\n/);
    expect(stdout).toContain("the first refusal (429): RATE_LIMITED: <b>too many</b>");
    const page = folder.read("page.html");
    expect(page).toContain("&lt;b&gt;too many&lt;/b&gt;");
    expect(page).not.toMatch(/<script|<b>too|https?:\/\/(?!127)/);
    expect(page.match(/<rect class="usual"|<rect\s+class="usual"/g)?.length).toBeGreaterThan(0);
  });
});
