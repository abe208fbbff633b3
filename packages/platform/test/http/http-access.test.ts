import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHmac } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

describe("keys and scopes", () => {
  let service: TestService;
  const keys: Record<string, string> = {};
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

  beforeAll(async () => {
    service = await startService({ auth: "required", rate_limit: "30" });
    for (const scope of ["read", "score", "train", "admin"]) keys[scope] = await service.createKey([scope]);
  });
  afterAll(() => service.close());

  it("is described as it is: without a key nobody is let in", async () => {
    const { body } = await service.ask("GET /openapi.json");
    expect(body["security"]).toEqual([{ key: [] }, { header: [] }]);
  });

  it("asks for a key everywhere but at health checks, the description and its page", async () => {
    for (const path of ["/health/live", "/health/ready", "/openapi.json", "/docs/"]) {
      expect([path, (await service.ask(`GET ${path}`)).status]).toEqual([path, 200]);
    }
    for (const path of ["/api/detectors", "/api/audit", "/metrics", "/health/full", "/api/jobs"]) {
      const { status, body } = await service.ask(`GET ${path}`);
      expect([path, status, body["code"], body["field"]]).toEqual([path, 401, "UNAUTHENTICATED", "authorization"]);
    }
  });

  it("lets a key do what its scope says and what lesser scopes may, and nothing more", async () => {
    const routes = [
      ["read", "GET /api/detectors", undefined],
      ["score", "POST /detection/predict", { detector_id: "0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11", data: [[1]] }],
      ["train", "POST /api/detectors", { name: "d" }],
      ["admin", "GET /api/audit", undefined],
    ] as const;
    const order = ["read", "score", "train", "admin"];
    for (const [needed, route, json] of routes) {
      for (const scope of order) {
        const asked = { ...bearer(keys[scope]), ...(json === undefined ? {} : { json }) };
        const { status } = await service.ask(route, asked);
        expect([route, scope, status === 403]).toEqual([route, scope, order.indexOf(scope) < order.indexOf(needed)]);
      }
    }
  });

  it("takes a key in X-API-Key as well, and refuses an unknown, a damaged and an empty one", async () => {
    expect((await service.ask("GET /api/jobs", { headers: { "x-api-key": keys["read"] } })).status).toBe(200);
    const wrong = [`${keys["read"].slice(0, -4)}AAAA`, "nomaly_0_0", "Bearer", "x".repeat(5000)];
    for (const key of wrong) expect((await service.ask("GET /api/jobs", bearer(key))).status).toBe(401);
  });

  it("counts the requests of each key by itself, and says so in headers, also when it refuses", async () => {
    const key = await service.createKey(["read"]);
    const replies = await Promise.all(Array.from({ length: 60 }, () => service.ask("GET /api/algorithms", bearer(key))));
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of replies) expect(headers.get("ratelimit-limit")).toBe("30");
    expect(refused[0].headers.get("ratelimit-remaining")).toBe("0");
    expect(refused[0].headers.get("retry-after")).toBe("1");
    expect([refused[0].body["code"], refused[0].body["field"]]).toEqual(["RATE_LIMITED", "rate_limit"]);
    expect((await service.ask("GET /api/jobs", bearer(keys["admin"]))).status).toBe(200);
  });

  it("looks at so many wrong keys a second and address, and no more", async () => {
    const replies = await Promise.all(
      Array.from({ length: 150 }, (_, index) =>
        service.ask("GET /api/jobs", bearer(`nomaly_${String(index).padStart(32, "0")}_${"a".repeat(43)}`)),
      ),
    );
    const statuses = new Set(replies.map(({ status }) => status));
    expect([...statuses].toSorted((a, b) => a - b)).toEqual([401, 429]);
    expect((await service.ask("GET /api/jobs", bearer(keys["admin"]))).status).toBe(200);
    const fresh = bearer(await service.createKey(["read"]));
    await eventually("a new key is looked at", async () => (await service.ask("GET /api/jobs", fresh)).status === 200);
  });

  it("writes down every change with who made it, and no read", async () => {
    const asked = bearer(await service.createKey(["train"]));
    const detector = await trainedDetector(service, {}, asked.headers);
    await service.ask(`PATCH /api/detectors/${detector}`, { ...asked, json: { contamination: 0.2 } });
    await service.ask(`GET /api/detectors/${detector}`, asked);
    await service.ask(`DELETE /api/detectors/${detector}`, asked);
    const { body } = await service.ask("GET /api/audit?limit=4", bearer(keys["admin"]));
    const items = body["items"] as readonly { action: string; actor: string; subject_id: string; request_id: string }[];
    expect(items.map(({ action }) => action)).toEqual([
      "detector.delete",
      "detector.change",
      "detector.train",
      "detector.create",
    ]);
    for (const item of items) {
      expect(item.actor).toMatch(/^api-key:/);
      expect(item.subject_id).toBe(detector);
      expect(item.request_id).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("tokens of an issuer", () => {
  let service: TestService;
  let issuer: Server;
  let isDown = false;
  let published: object[] = [];
  let first: Awaited<ReturnType<typeof makeKey>>;

  async function makeKey(kid: string) {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
  }

  beforeAll(async () => {
    first = await makeKey("first");
    published = [first.jwk];
    issuer = createServer((_request, response) => {
      if (isDown) response.socket?.destroy();
      else response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: published }));
    });
    await new Promise<void>((ready) => issuer.listen(0, "127.0.0.1", ready));
    const { port } = issuer.address() as AddressInfo;
    service = await startService({
      jwks_url: `http://127.0.0.1:${port}/keys`,
      jwt_issuer: "https://issuer.example",
      jwt_audience: "nomaly",
    });
  });
  afterAll(async () => {
    await service.close();
    issuer.closeAllConnections();
    issuer.close();
  });

  interface Claims {
    readonly issuer?: string;
    readonly audience?: string;
    readonly expires?: string | number;
    readonly scope?: string;
    readonly subject?: unknown;
  }

  function signed(key: Awaited<ReturnType<typeof makeKey>>, claims: Claims = {}): Promise<string> {
    const token = new SignJWT({
      scope: claims.scope ?? "read",
      sub: "subject" in claims ? claims.subject : "somebody",
    } as JWTPayload)
      .setProtectedHeader({ alg: "RS256", kid: key.kid })
      .setIssuer(claims.issuer ?? "https://issuer.example")
      .setAudience(claims.audience ?? "nomaly")
      .setExpirationTime(claims.expires ?? "5m");
    return token.sign(key.privateKey);
  }

  const statusOf = async (token: string) =>
    (await service.ask("GET /api/detectors", { headers: { authorization: `Bearer ${token}` } })).status;
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("lets in whoever the issuer signed for, with the scopes it names and no others", async () => {
    expect(await statusOf(await signed(first))).toBe(200);
    expect(await statusOf(await signed(first, { subject: "Zoë (a robot)" }))).toBe(200);
    expect(await statusOf(await signed(first, { scope: "other words" }))).toBe(403);
  });

  it.each([
    ["of another issuer", { issuer: "https://other.example" }],
    ["for another audience", { audience: "other" }],
    ["without a subject", { subject: undefined }],
    ["with an empty subject", { subject: "" }],
    ["with a subject of blanks", { subject: " \t\u00a0\u200b" }],
    ["with a number as its subject", { subject: 5 }],
    ["with a list as its subject", { subject: ["somebody"] }],
    ["with a subject that is null", { subject: null }],
    ["with a subject that cannot be stored", { subject: "some\u0000body" }],
    ["that has expired", { expires: Math.floor(Date.now() / 1000) - 3600 }],
  ] as const)("refuses a token %s", async (_what, claims) => expect(await statusOf(await signed(first, claims))).toBe(401));

  it("refuses a token with no signature, and one signed with the public key as if it were a secret", async () => {
    const claims = {
      iss: "https://issuer.example",
      aud: "nomaly",
      sub: "x",
      scope: "admin",
      exp: Math.floor(Date.now() / 1000) + 300,
    };
    expect(await statusOf(`${encoded({ alg: "none" })}.${encoded(claims)}.`)).toBe(401);
    const head = `${encoded({ alg: "HS256", kid: "first" })}.${encoded(claims)}`;
    for (const secret of [await exportSPKI(first.publicKey), JSON.stringify(first.jwk)]) {
      expect(await statusOf(`${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`)).toBe(401);
    }
    const [, , signature] = (await signed(first)).split(".");
    expect(await statusOf(`${encoded({ alg: "RS256", kid: "first" })}.${encoded(claims)}.${signature}`)).toBe(401);
    expect(await statusOf("nonsense")).toBe(401);
  });

  it("answers 503, not 401, while the issuer cannot be asked about a key it may have made, and lets it in when it can", async () => {
    const second = await makeKey("second");
    const token = await signed(second);
    isDown = true;
    published = [second.jwk];
    // A key that is not among the known ones is asked for again after a while.
    await eventually("the issuer is asked again", async () => (await statusOf(token)) === 503, 60_000);
    isDown = false;
    await eventually("the new key is known", async () => (await statusOf(token)) === 200, 60_000);
    expect(await statusOf(await signed(first))).toBe(401);
  }, 150_000);
});

describe("what every reply carries", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it("forbids framing, guessing of types and running anything, and allows no other origin", async () => {
    for (const route of ["GET /api/detectors", "GET /nothing", "POST /detection/predict"]) {
      const { headers } = await service.ask(route, { headers: { origin: "https://elsewhere.example" } });
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("says 404 for what is not there, 405 with what a path takes, and answers HEAD and OPTIONS", async () => {
    expect((await service.ask("GET /api/nothing")).body["code"]).toBe("NOT_FOUND");
    const wrong = await service.ask("PUT /api/detectors");
    expect([wrong.status, wrong.headers.get("allow"), wrong.body["field"]]).toEqual([405, "GET, HEAD, POST", "method"]);
    const head = await service.ask("HEAD /api/detectors");
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    const options = await service.ask("OPTIONS /api/detectors");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, POST"]);
  });
});
