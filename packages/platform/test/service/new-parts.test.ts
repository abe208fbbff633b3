import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../../..");
const copy = mkdtempSync(join(tmpdir(), "nomaly-new-parts-"));
/** Of the service's data: another user, who runs the database, must come through to it. */
const dataFolder = mkdtempSync(join(tmpdir(), "nomaly-new-parts-data-"));
const numbers = ["no", "one", "two", "three", "four", "five", "six"];

async function inCopy(program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, NODE_OPTIONS: "", ...environment };
  return (await run(program, words, { cwd: copy, env, maxBuffer: 1 << 24 })).stdout;
}
const node = (...words: readonly string[]) => inCopy(process.execPath, ["--conditions=source", ...words]);
const command = (...words: readonly string[]) => node("packages/platform/src/main/cli.ts", ...words);
const git = (...words: readonly string[]) => inCopy("git", ["-c", "user.name=test", "-c", "user.email=test", ...words]);

/** The repository in another place, with the installed packages linked and our own pointing to the copy. */
async function copyRepository(): Promise<void> {
  for (const name of readdirSync(root).filter((one) => ![".git", "node_modules", "out", "tmp", ".venv"].includes(one))) {
    const filter = (path: string) => !/(^|\/)(node_modules|dist)$/.test(path);
    cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true, filter });
  }
  const modules = join(copy, "node_modules");
  mkdirSync(join(modules, "@nomaly"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@nomaly" && name !== "nomaly") symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  symlinkSync(join(copy, "packages/detect"), join(modules, "@nomaly/detect"));
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--no-verify", "--message", "as it is");
}

interface Walk {
  /** What its heading says, as in "six files". */
  readonly said: string;
  /** What it did. */
  readonly touched: readonly string[];
}

/** Does what the section says: a path in backquotes at the start of a line, then a fenced block, a whole file or changes of one. */
async function follow(title: string): Promise<Walk> {
  const guide = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const section = guide.split(/^## /m).find((text) => text.startsWith(`${title}: `));
  if (section === undefined) throw new Error(`CONTRIBUTING.md has no section "${title}: so many files"`);
  for (const [, path, kind, text] of section.matchAll(/^`(packages\/\S+)`: [\s\S]*?^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const file = join(copy, path);
    if (kind !== "diff" && existsSync(file)) throw new Error(`${path} is there already`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, kind === "diff" ? changed(path, readFileSync(file, "utf8"), text) : text);
  }
  const touched = (await git("status", "--porcelain", "--untracked-files=all")).trim().split("\n");
  await git("add", "--all");
  await git("commit", "--quiet", "--no-verify", "--message", title);
  return { said: /: (.*)/.exec(section)?.[1] ?? "", touched: touched.map((line) => line.trim().replace(/^\S+ +/, "")) };
}

/** @throws when the place of a change is not there, once. */
function changed(path: string, text: string, changes: string): string {
  return changes.split("@@\n").reduce((before, change) => {
    const lines = change.split("\n").slice(0, -1);
    const linesBut = (sign: string) => lines.filter((line) => !line.startsWith(sign)).map((line) => `${line.slice(1)}\n`);
    const [place, ...more] = [linesBut("+").join(""), linesBut("-").join("")];
    if (before.split(place).length !== 2)
      throw new Error(`CONTRIBUTING.md changes lines that are not in ${path}, once:\n${place}`);
    return before.replace(place, () => more[0]);
  }, text);
}

/** Opens the service of the copy as a server does, leaves notes by its route and by its job, and tells what came of it. */
const program = `
import { setTimeout as sleep } from "node:timers/promises";
const at = (path) => import("./packages/platform/src/" + path);
const [{ readConfig }, { Closing }, { findDatabase }, { openService }, { createApp }, { createLogger }, { createJobHandlers }, { enqueueJob }] =
  await Promise.all(["config/read-config.ts", "main/closing.ts", "main/find-database.ts", "main/open-service.ts", "http/create-app.ts",
    "main/logger.ts", "services/jobs/job-handlers.ts", "services/jobs/enqueue.ts"].map(at));
const { config } = readConfig({ commandLine: { data_dir: process.argv[2], log_level: "silent" }, environment: process.env });
const closing = new Closing();
const logger = createLogger("silent");
try {
  const { context } = await openService({ config, kind: "serve", log: logger, database: findDatabase(config, closing) }, closing);
  const access = { required: false, authenticate: async () => undefined };
  const app = await createApp({ context, access, version: "0", logger, counted: [] });
  const ask = async (method, url, payload, headers = {}) => {
    const { statusCode, body } = await app.inject({ method, url, payload, headers: { host: "localhost", ...headers } });
    return [statusCode, JSON.parse(body)];
  };
  const left = await ask("POST", "/api/notes", { content: "hello" }, { "idempotency-key": "1" });
  const again = await ask("POST", "/api/notes", { content: "hello" }, { "idempotency-key": "1" });
  const long = await ask("POST", "/api/notes", { content: "more than ten letters" });
  const [, description] = await ask("GET", "/openapi.json");
  const call = { actor: "test", requestId: "test", signal: new AbortController().signal };
  const payload = { actor: "test", request_id: "test", content: "by a job" };
  const { job_id, location } = await enqueueJob(context, call, { name: "note", payload });
  await context.queue.work(createJobHandlers(context, async () => {}), { concurrency: 1 });
  let job;
  for (let tries = 0; tries < 200 && job?.status !== "succeeded"; tries++, await sleep(50)) [, job] = await ask("GET", location);
  const { rows } = await context.database.query("select id, content from notes order by content");
  await context.queue.close({ timeoutMs: 1000 });
  await app.close();
  process.stdout.write(JSON.stringify({ left, again, long, job, rows, described: description.paths["/api/notes"].post }));
} finally {
  await closing.closeAll();
}
process.exit(0);
`;

interface Outcome {
  readonly left: readonly [number, { readonly id: string; readonly content: string }];
  readonly again: unknown;
  readonly long: readonly [number, { readonly code: string; readonly field: string }];
  readonly job: { readonly status: string; readonly name: string; readonly result: { readonly note_id: string } };
  readonly rows: readonly { readonly id: string; readonly content: string }[];
  readonly described: { readonly requestBody: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> } };
}

const walks = new Map<string, Walk>();

beforeAll(async () => {
  await copyRepository();
  for (const part of ["route", "job", "option of the command", "setting"]) walks.set(part, await follow(`A new ${part}`));
  await node("tools/docs.ts");
});

afterAll(() => {
  for (const folder of [copy, dataFolder]) rmSync(folder, { recursive: true, force: true });
});

describe("what CONTRIBUTING.md says of new parts", () => {
  it.each([
    ["route", 6],
    ["job", 3],
    ["option of the command", 2],
    ["setting", 2],
  ])("touches as many files as its heading says: %s, %d", (part, count) => {
    const { said, touched } = walks.get(part) ?? { said: "", touched: [] };
    expect(touched).toHaveLength(count);
    expect(said).toBe(`${numbers[count]} files`);
  });

  it("makes a route that answers, once for each key, a job that runs, and a setting that is heeded", async () => {
    writeFileSync(join(copy, "leave-notes.mjs"), program);
    const words = ["--conditions=source", "leave-notes.mjs", dataFolder];
    const outcome = JSON.parse(await inCopy(process.execPath, words, { NOMALY_NOTE_LETTERS: "10" })) as Outcome;
    const { left, again, long, job, rows, described } = outcome;
    expect(left).toEqual([201, { id: expect.stringMatching(/^[0-9a-f-]{36}$/), content: "hello" }]);
    expect(again).toEqual(left);
    expect([long[0], long[1].code, long[1].field]).toEqual([413, "TOO_LARGE", "content"]);
    expect(job).toMatchObject({ status: "succeeded", name: "note" });
    expect(rows).toEqual([
      { id: job.result.note_id, content: "by a job" },
      { id: left[1].id, content: "hello" },
    ]);
    expect(described.requestBody.content["application/json"].example).toEqual({ content: "pump 7 has a new bearing" });
  });

  it("makes an option that is read and shown in the help, and a setting that is listed with its variable", async () => {
    expect(await command("config", "--help")).toMatch(/--only TEXT +only settings whose name holds the text/);
    const listed = JSON.parse(await command("config", "--only", "note", "--json")) as readonly object[];
    expect(listed).toMatchObject([{ name: "note_letters", variable: "NOMALY_NOTE_LETTERS", shown: "1000", source: "default" }]);
  });

  it("leaves everything in the generated documents and types", () => {
    const pages = ["docs/command-line.md", "docs/configuration.md", "packages/platform/src/client/stored-types.ts"];
    const [commandLine, configuration, types] = pages.map((page) => readFileSync(join(copy, page), "utf8"));
    expect(commandLine).toContain("--only TEXT");
    expect(configuration).toContain("note_letters");
    expect(types).toMatch(/JobName = .*"note"/);
  });

  it("has types that fit, is formatted, breaks no layer and is tidy", async () => {
    const bin = (name: string) => join(copy, "node_modules/.bin", name);
    const checks = [
      inCopy(bin("tsc"), [
        "-p",
        "packages/platform/tsconfig.build.json",
        "--noEmit",
        "--incremental",
        "false",
        "--customConditions",
        "source",
      ]),
      inCopy(bin("oxfmt"), ["--check", "packages/platform/src"]),
      node("tools/layers.ts"),
      node("tools/tidy.ts"),
    ];
    await Promise.all(checks);
  }, 180_000);
});
