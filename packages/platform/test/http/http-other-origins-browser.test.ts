import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../detect/test-support/browser.ts";
import { startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

// Some browsers ask their user first before a page may reach this machine: here nobody does.
const browser: Browser | undefined = await launchBrowser(["--disable-features=LocalNetworkAccessChecks"]);

async function startSite(): Promise<{ readonly site: Server; readonly origin: string }> {
  const site = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<p>a page</p>"));
  await new Promise<void>((ready) => site.listen(0, "127.0.0.1", ready));
  return { site, origin: `http://127.0.0.1:${(site.address() as AddressInfo).port}` };
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** As a script of the page sends it: status, headers and JSON, or what the browser says of it. */
function fetchFrom(page: Page, url: string, options: Sent) {
  return page.evaluate(
    ([address, init]) =>
      fetch(address, init).then(
        async (answer) => ({ status: answer.status, headers: [...answer.headers.keys()], body: await answer.text() }),
        (error: unknown) => ({ status: 0, headers: [] as string[], body: String(error) }),
      ),
    [url, options] as const,
  );
}

const sites = browser === undefined ? [] : await Promise.all([startSite(), startSite()]);

describe.skipIf(browser === undefined)("pages of other origins in a real browser (needs Chromium)", () => {
  afterAll(async () => {
    await browser?.close();
    for (const { site } of sites) {
      site.closeAllConnections();
      site.close();
    }
  });

  describe.each([
    ["without keys", "none"],
    ["with keys", "required"],
  ])("and a service %s", (_what, auth) => {
    let service: TestService;
    let detector: string;
    const key: Record<string, string> = {};

    beforeAll(async () => {
      service = await startService({ auth, cors_origins: sites[0].origin });
      if (auth === "required") key["x-api-key"] = await service.createKey(["admin"]);
      detector = await trainedDetector(service, {}, key);
    });
    afterAll(() => service.close());

    const opened = async (origin: string) => {
      const page = await (browser as Browser).newPage();
      await page.goto(origin);
      return page;
    };
    const predicting = () => ({
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "once", ...key },
      body: JSON.stringify({ detector_id: detector, data: [{ x: 1, y: 1 }] }),
    });

    it("a listed one predicts, changes with If-Match, and reads the headers", async () => {
      const page = await opened(sites[0].origin);
      const predicted = await fetchFrom(page, `${service.url}/api/detection/predict`, predicting());
      expect([predicted.status, JSON.parse(predicted.body)]).toEqual([200, expect.objectContaining({ detector_id: detector })]);
      const read = await fetchFrom(page, `${service.url}/api/detectors/${detector}`, { headers: key });
      expect(read.headers).toEqual(expect.arrayContaining(["etag", "x-request-id"]));
      const headers = { "content-type": "application/json", "if-match": '"other"', ...key };
      const change = { method: "PATCH", headers, body: JSON.stringify({ name: "renamed" }) };
      expect((await fetchFrom(page, `${service.url}/api/detectors/${detector}`, change)).status).toBe(412);
      await page.close();
    });

    it("a listed one can read why it is refused", async () => {
      const page = await opened(sites[0].origin);
      const { status, body } = await fetchFrom(page, `${service.url}/api/nowhere`, { method: "DELETE", headers: key });
      expect([status, JSON.parse(body)]).toEqual([404, expect.objectContaining({ code: "NOT_FOUND" })]);
      await page.close();
    });

    it("one that is not listed can neither send nor read", async () => {
      const page = await opened(sites[1].origin);
      for (const [path, options] of [
        ["/api/detection/predict", predicting()],
        ["/api/detectors", { headers: key }],
        ["/api/detectors", {}],
        ["/api/detectors", { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" }],
      ] as const) {
        expect((await fetchFrom(page, service.url + path, options)).body).toMatch(/Failed to fetch/);
      }
      await page.close();
    });

    it("the answers say which origin they are for", async () => {
      const asked = { headers: { origin: sites[1].origin, "access-control-request-method": "POST" } };
      const { headers } = await service.ask("OPTIONS /api/detection/predict", asked);
      expect([headers.get("vary"), headers.get("access-control-allow-origin")]).toEqual(["Origin", null]);
    });
  });
});
