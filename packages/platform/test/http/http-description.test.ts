import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../detect/test-support/browser.ts";
import { type DataFolder, makeDataFolder, startService as startProcess } from "../../test-support/servers/service-process.ts";
import { type Json, startService, type TestService } from "../../test-support/servers/service.ts";

interface Operation {
  readonly summary?: string;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
}

interface Field {
  readonly $ref?: string;
  readonly description?: string;
}

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The checker that the page itself brings along. */
interface Parser {
  validate(document: string): Promise<{ readonly valid: boolean; readonly errors?: readonly Json[] }>;
}

/** Fields and parameters without a description, by their path in the document. */
function untold(part: unknown, path: string): string[] {
  if (typeof part !== "object" || part === null) return [];
  const { properties = {}, parameters } = part as {
    readonly properties?: Readonly<Record<string, Field>>;
    readonly parameters?: unknown;
  };
  // A schema may have a field of the name "parameters", too.
  const listed = Array.isArray(parameters) ? (parameters as readonly (Field & { readonly name: string })[]) : [];
  const fields = [...Object.entries(properties), ...listed.map((one) => [one.name, one] as const)];
  const own = fields
    .filter(([, { $ref, description }]) => ($ref ?? description ?? "") === "")
    .map(([name]) => `${path}: ${name}`);
  return [
    ...own,
    ...Object.entries(part).flatMap(([name, inner]) => (name === "example" ? [] : untold(inner, `${path}/${name}`))),
  ];
}

describe("the description", () => {
  let service: TestService;
  let description: Description;
  let text: string;

  beforeAll(async () => {
    service = await startService();
    const { bytes, body } = await service.ask("GET /openapi.json");
    text = bytes.toString();
    description = body as unknown as Description;
  });
  afterAll(() => service.close());

  it("is valid OpenAPI 3.1", async () => {
    const page = createRequire(import.meta.url).resolve("@scalar/fastify-api-reference");
    const parser = createRequire(page).resolve("@scalar/openapi-parser");
    const checker = (await import(parser)) as Parser;
    const { valid, errors } = await checker.validate(text);
    expect([valid, errors]).toEqual([true, []]);
    expect(description.openapi).toBe("3.1.0");
  });

  it("says of every request what it does, what may be answered, and shows an example of what is sent", () => {
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const name = `${method} ${path}`;
        expect(operation.summary, name).toMatch(/\w/);
        expect(
          Object.keys(operation.responses).some((status) => status.startsWith("2")),
          name,
        ).toBe(true);
        if (!path.startsWith("/health/")) expect(Object.keys(operation.responses), name).toContain("401");
        for (const { description: meaning } of Object.values(operation.responses)) expect(meaning, name).toMatch(/\w/);
        const json = operation.requestBody?.content["application/json"];
        if (json !== undefined) expect(json.example, name).toBeDefined();
      }
    }
  });

  it("says of every field and parameter what it means", () => {
    expect(untold(description, "")).toEqual([]);
  });

  it("shows examples that are taken: each fails only for what it names not being there", async () => {
    const nobody = "01890000-0000-7000-8000-000000000000";
    for (const [path, { post }] of Object.entries(description.paths)) {
      const example = post?.requestBody?.content["application/json"]?.example;
      if (example === undefined) continue;
      const { status, body } = await service.ask(`POST ${path.replace("{id}", nobody)}`, { json: example });
      expect([path, status < 300 || body["code"] === "NOT_FOUND"]).toEqual([path, true]);
    }
  });

  it("is pointed to by the root, for people and programs", async () => {
    const { status, headers, bytes } = await service.ask("GET /");
    expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    for (const place of ["/docs/", "/openapi.json", "/api/"]) expect(bytes.toString()).toContain(place);
  });

  it("is shown by a page that loads nothing from elsewhere and reports no error", async () => {
    const browser = await launchBrowser();
    if (browser === undefined) throw new Error("no browser to open the page with");
    const faults: string[] = [];
    try {
      const page = await browser.newPage();
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") faults.push(message.text());
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(service.url) && !/^(data|blob):/.test(request.url())) faults.push(request.url());
      });
      await page.goto(`${service.url}/docs/`);
      // It opens on what most visitors want, with its example.
      await page.getByRole("heading", { name: "score rows", exact: true }).first().waitFor({ timeout: 60_000 });
      await page.locator("code:visible", { hasText: "61.5" }).first().waitFor({ timeout: 60_000 });
      expect(new URL(page.url()).hash).toBe("#tag/detection/POST/api/detection/predict");
      await page.goto(`${service.url}/docs/#tag/health`);
      await page.getByText("every part with its numbers").first().waitFor({ state: "attached", timeout: 60_000 });
      expect(new URL(page.url()).hash).toMatch(/^#tag\/health/);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 120_000);
});

describe("the log", () => {
  let folder: DataFolder;
  beforeAll(() => {
    folder = makeDataFolder();
  });
  afterAll(async () => {
    await folder.remove();
  });

  it("holds no key, no token and nothing of what was sent, also where requests fail", async () => {
    const environment = { NOMALY_LOG_LEVEL: "debug", NOMALY_AUTH: "required" };
    const running = await startProcess({ dataFolder: folder.path, environment });
    const secrets = [
      "nomaly_0123456789abcdef0123456789abcdef_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA",
      "eyJhbGciOiJub25lIn0.c2VjcmV0",
    ];
    try {
      for (const secret of secrets) {
        for (const headers of [{ authorization: `Bearer ${secret}` }, { "x-api-key": secret }]) {
          for (const path of [`/api/detectors?key=${secret}`, "/api/jobs/x", `/nothing/${secret}`]) {
            await fetch(running.url + path, { headers });
            await fetch(running.url + path, {
              method: "POST",
              headers: { ...headers, "content-type": "application/json" },
              body: `{"${secret}"`,
            });
          }
        }
      }
    } finally {
      await running.end("SIGTERM");
    }
    for (const secret of secrets) expect(running.output()).not.toContain(secret.slice(-20));
  });
});
