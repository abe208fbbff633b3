import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../detect/test-support/browser.ts";
import { startService, type TestService } from "../../test-support/servers/service.ts";

const foreignName = "evil.example";
const browser: Browser | undefined = await launchBrowser([
  `--host-resolver-rules=MAP ${foreignName} 127.0.0.1`,
  // Some browsers ask their user first before a page may reach this machine: here nobody does.
  "--disable-features=LocalNetworkAccessChecks",
]);

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** As a script of the page sends it: the status, or what the browser says of it. */
function fetchFrom(page: Page, { method, path, headers = {}, json }: Sent): Promise<number | string> {
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const init = { method, headers: { ...type, ...headers }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) };
  return page.evaluate(
    ([url, options]) =>
      fetch(url, options).then(
        ({ status }) => status,
        (error: unknown) => String(error),
      ),
    [path, init] as const,
  );
}

describe.skipIf(browser === undefined)("a service without keys and pages in a real browser (needs Chromium)", () => {
  let service: TestService;
  let port: string;
  let dataset: string;
  let foreignSite: Server;

  beforeAll(async () => {
    service = await startService();
    ({ port } = new URL(service.url));
    const stored = await service.ask("POST /api/datasets", { json: { name: "secret", data: [{ x: 1 }, { x: 2 }] } });
    dataset = String(stored.body["id"]);
    foreignSite = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<p>attack</p>"));
    await new Promise<void>((ready) => foreignSite.listen(0, "127.0.0.1", ready));
  });
  afterAll(async () => {
    await browser?.close();
    foreignSite.closeAllConnections();
    foreignSite.close();
    await service.close();
  });

  const asked = (): readonly Sent[] => [
    { method: "GET", path: "/api/datasets" },
    { method: "GET", path: `/api/datasets/${dataset}/rows` },
    { method: "GET", path: "/api/audit" },
    { method: "GET", path: "/metrics" },
    { method: "POST", path: "/api/detectors", json: { name: "made by a page" } },
    { method: "DELETE", path: `/api/datasets/${dataset}` },
  ];

  /** Of a name that leads here now; what it shows came from elsewhere before (DNS rebinding), so that no policy of ours is on it. */
  async function reboundPage(): Promise<Page> {
    const page = await (browser as Browser).newPage();
    const url = `http://${foreignName}:${port}/attack`;
    await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: "<p>attack</p>" }));
    await page.goto(url);
    return page;
  }

  it.each([
    ["no header of its own", {}],
    ["an empty key", { "x-api-key": "" }],
    ["a key of blanks", { "x-api-key": "   " }],
    ["another scheme", { authorization: "Basic x" }],
    ["a scheme without a key", { authorization: "Bearer" }],
    ["a scheme in small letters without a key", { authorization: "bearer " }],
    ["both, and both empty", { authorization: "", "x-api-key": "" }],
  ])("refuses a page whose name was made to lead here, with %s", async (_what, headers) => {
    const page = await reboundPage();
    // The page itself reaches the service: what is public is answered.
    expect(await fetchFrom(page, { method: "GET", path: "/health/live" })).toBe(200);
    for (const sent of asked()) {
      expect([sent.method, sent.path, await fetchFrom(page, { ...sent, headers })]).toEqual([sent.method, sent.path, 403]);
    }
    await page.close();
  });

  it("refuses what a page of another origin sends to its address, and lets it read nothing", async () => {
    const page = await (browser as Browser).newPage();
    await page.goto(`http://${foreignName}:${(foreignSite.address() as AddressInfo).port}/`);
    for (const sent of asked()) {
      expect(await fetchFrom(page, { ...sent, path: service.url + sent.path })).toMatch(/Failed to fetch/);
    }
    await page.evaluate(async (url) => {
      const form = new FormData();
      form.append("name", "made by a form");
      form.append("file", new Blob(["x\n1\n2\n"]), "made.csv");
      await fetch(`${url}/api/datasets`, { method: "POST", mode: "no-cors", body: form }).catch(() => undefined);
    }, service.url);
    await page.close();
  });

  it("serves a page of its own", async () => {
    const page = await (browser as Browser).newPage();
    await page.goto(`${service.url}/docs/`);
    for (const sent of asked().slice(0, 4)) expect(await fetchFrom(page, sent)).toBe(200);
    const made = { method: "POST", path: "/api/detectors", json: { name: "made by its own page" } };
    expect(await fetchFrom(page, made)).toBe(201);
    await page.close();
  });

  it("has changed nothing for the others", async () => {
    const { body } = await service.ask("GET /api/audit");
    const items = body["items"] as readonly { readonly action: string }[];
    expect(items.map(({ action }) => action).toSorted()).toEqual(["dataset.create", "detector.create"]);
    expect((await service.ask(`GET /api/datasets/${dataset}`)).status).toBe(200);
  });
});
