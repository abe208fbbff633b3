import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { type Reply, someRows, startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

let service: TestService;
let detector: string;

beforeAll(async () => {
  service = await startService({
    body_bytes: "1MiB",
    upload_bytes: "3MiB",
    quota_bytes: "4MiB",
    request_rows: "5000",
    request_columns: "50",
    request_timeout_s: "6",
  });
  // The first training waits until the workers have started, which may take longer than a request may.
  const train = async () => (detector = await trainedDetector(service).catch(() => "")) !== "";
  await eventually("a detector is trained", train, 60_000);
});
afterAll(() => service.close());

const json = { "content-type": "application/json" };
const predict = (rest: string) =>
  service.ask("POST /detection/predict", { bytes: `{"detector_id":"${detector}",${rest}}`, headers: json });

function expectRefusal(reply: Reply, status: number, code: string, field?: string): void {
  expect([reply.status, reply.body["code"], reply.body["field"]], reply.bytes.toString()).toEqual([
    status,
    code,
    field ?? (expect.any(String) as unknown),
  ]);
}

describe("numbers", () => {
  it("refuses 1e400 by row and column, in objects, arrays and columns", async () => {
    const replies = [
      await predict('"data":[{"x":1,"y":2},{"x":1,"y":1e400}]'),
      await predict('"data":[[1,2],[1,-1e400]],"columns":["x","y"]'),
      await predict('"data":{"x":[1,1],"y":[2,1e400]}'),
    ];
    for (const reply of replies) {
      expectRefusal(reply, 422, "NOT_FINITE", "y");
      expect(reply.body["row_index"]).toBe(1);
    }
  });

  it("refuses 1e400 where rows are kept or stored, rather than taking it for a missing value", async () => {
    expectRefusal(await predict('"keep":true,"data":[{"x":1,"y":1e400}]'), 422, "NOT_FINITE", "y");
    const bytes = '{"name":"d","data":[{"x":1,"y":1e400}]}';
    expectRefusal(await service.ask("POST /api/datasets", { bytes, headers: json }), 422, "NOT_FINITE", "y");
  });

  it("refuses NaN, which is no JSON", async () =>
    expectRefusal(await predict('"data":[{"x":NaN,"y":1}]'), 400, "REQUEST", "body"));
});

describe("rows", () => {
  it.each([
    ["no rows", '"data":[]', 400, "REQUEST", "data"],
    ["rows of other widths", '"data":[[1,2],[1]],"columns":["x","y"]', 422, "SHAPE", "data[1]"],
    ["names for other widths", '"data":[[1,2,3]],"columns":["x","y"]', 422, "SHAPE", "columns"],
    ["unknown columns", '"data":[{"x":1,"z":2}]', 422, "COLUMN", "y"],
    ["texts for numbers", '"data":[{"x":"one","y":2}]', 422, "COLUMN", "x"],
    ["objects for cells", '"data":[{"x":{"a":1},"y":2}]', 422, "COLUMN", "data[0].x"],
    ["a text for rows", '"data":"rows"', 400, "REQUEST", "data"],
    ["columns of other lengths", '"data":{"x":[1,2],"y":[1]}', 422, "SHAPE", "data.y"],
    [
      "both kinds of rows",
      `"data":[{"x":1,"y":1}],"dataset_id":"0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11"`,
      400,
      "REQUEST",
      "dataset_id",
    ],
    ["neither kind", '"explain":true', 400, "REQUEST", "data"],
    ["a misspelt field", '"dta":[{"x":1,"y":1}]', 400, "REQUEST", "dta"],
    ["a field of another type", '"data":[{"x":1,"y":1}],"explain":"yes"', 400, "REQUEST", "explain"],
  ] as const)("refuses %s", async (_what, rest, status, code, field) => expectRefusal(await predict(rest), status, code, field));

  it("refuses too many rows and too many columns", async () => {
    expectRefusal(await predict(`"data":[${"[1,2],".repeat(5000)}[1,2]],"columns":["x","y"]`), 413, "TOO_LARGE", "data");
    expectRefusal(await predict(`"data":[[${"1,".repeat(50)}1]]`), 413, "TOO_LARGE", "data");
  });
});

describe("JSON made to do harm", () => {
  it("refuses what nests deeper than any request does, however deep", async () => {
    const nested = (depth: number) => predict(`"data":${"[".repeat(depth)}${"]".repeat(depth)}`);
    expectRefusal(await nested(40), 400, "REQUEST", "body");
    expectRefusal(await nested(100_000), 400, "REQUEST", "body");
    // So long that a worker reads it.
    expectRefusal(await nested(400_000), 400, "REQUEST", "body");
  });

  it("refuses a body over the limit, said to be or sent in pieces", async () => {
    expectRefusal(await predict(`"data":"${"a".repeat(2 * 1024 ** 2)}"`), 413, "TOO_LARGE", "body");
  });

  it("refuses __proto__ as a name, also where it is written with an escape, and no prototype changes", async () => {
    for (const name of ["__proto__", "\\u005f_proto__"]) {
      expectRefusal(await predict(`"data":[{"x":1,"y":1}],"${name}":{"polluted":1}`), 400, "REQUEST", "__proto__");
      expectRefusal(await predict(`"data":[{"x":1,"y":1,"${name}":{"polluted":1}}]`), 400, "REQUEST", "__proto__");
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("refuses the same where the body is so long that a worker reads it, in rows to score, to learn from and to store", async () => {
    const rows = `{"x":1.${"0".repeat(80)},"y":1},`.repeat(4000);
    for (const [trap, field] of [
      [`{"x":1,"y":1,"__proto__":1}`, "__proto__"],
      [`{"x":"a\\u0000b","y":1}`, "x"],
    ]) {
      expectRefusal(await predict(`"data":[${rows}${trap}]`), 400, "REQUEST", field);
      for (const [path, rest] of [
        ["/api/detection/train", `"detector_id":"${detector}"`],
        ["/api/datasets", '"name":"trap"'],
      ]) {
        const bytes = `{${rest},"data":[${rows}${trap}]}`;
        expectRefusal(await service.ask(`POST ${path}`, { bytes, headers: json }), 400, "REQUEST", field);
      }
    }
  });

  it("takes the last of two members of one name, as JSON.parse does", async () => {
    const reply = await predict('"data":[{"x":90,"y":90}],"data":[{"x":0,"y":0},{"x":0.1,"y":0}]');
    expect([reply.status, reply.body["n_samples"]]).toEqual([200, 2]);
  });

  it("refuses a zero character in a text, which the database cannot hold", async () => {
    const reply = await service.ask("POST /api/detectors", { bytes: '{"name":"a\\u0000b"}', headers: json });
    expectRefusal(reply, 400, "REQUEST", "name");
  });

  it("refuses an empty body, another type of body, and a body that is no object", async () => {
    expectRefusal(await service.ask("POST /detection/predict", { bytes: "", headers: json }), 400, "REQUEST", "body");
    expectRefusal(
      await service.ask("POST /detection/predict", { bytes: "a=1", headers: { "content-type": "text/plain" } }),
      415,
      "REQUEST",
      "content-type",
    );
    for (const bytes of ["null", "[]", "1", '"text"']) {
      expectRefusal(await service.ask("POST /detection/predict", { bytes, headers: json }), 400, "REQUEST", "body");
    }
  });

  it("reads a large body away from the thread that serves, and refuses the same there", async () => {
    const many = `"columns":["x","y"],"data":[${"[1.25,2.5],".repeat(4000)}`.padEnd(300_000, " ");
    expect((await predict(`${many}[1,2]]`)).status).toBe(200);
    const cases = [
      ["[1,1e400]]", 422, "NOT_FINITE"],
      ["[1]]", 422, "SHAPE"],
      ['[1,2]],"explan":true', 400, "REQUEST"],
      ['[1,2]],"__proto__":{}', 400, "REQUEST"],
      ["[1,2]", 400, "REQUEST"],
    ] as const;
    for (const [end, status, code] of cases) expectRefusal(await predict(`${many}${end}`), status, code);
  });
});

describe("files", () => {
  const upload = (content: string | Uint8Array<ArrayBuffer>, name: string, part = "file") => {
    const form = new FormData();
    form.append(part, new Blob([content]), name);
    return service.ask("POST /api/datasets", { form });
  };

  it("keeps of a name that leads elsewhere only the last part, and writes nothing there", async () => {
    for (const name of ["../../../../tmp/passwd.csv", "..\\..\\passwd.csv", "/etc/passwd.csv"]) {
      const reply = await upload("x,y\n1,2\n2,3\n", name);
      expect([reply.status, reply.body["name"]]).toEqual([201, "passwd.csv"]);
    }
  });

  it("refuses a gzip file that unpacks to more than an upload may have", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 ** 2, "1,2\n"));
    expect(bomb.length).toBeLessThan(200_000);
    expectRefusal(await upload(new Uint8Array(bomb), "bomb.csv.gz"), 413, "TOO_LARGE", "file");
  });

  it.each([
    ["a damaged gzip file", new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]), "a.csv.gz"],
    ["an empty file", new Uint8Array(0), "a.csv"],
    ["bytes that are no Parquet", new Uint8Array([1, 2, 3, 4]), "a.parquet"],
    ["bytes that are no Arrow", new Uint8Array([65, 82, 82, 79, 87, 49, 0, 0, 9]), "a.arrow"],
    ["a gzip file within a gzip file", new Uint8Array(gzipSync(gzipSync("x,y\n1,2\n"))), "a.csv.gz"],
    ["JSON of brackets", new Uint8Array(Buffer.alloc(30_000, "[")), "a.json"],
    ["compressed JSON of brackets", new Uint8Array(gzipSync(Buffer.alloc(10_000, "["))), "a.json.gz"],
    ["JSON that ends too early", new TextEncoder().encode('[{"x":1},{"x'), "a.json"],
    ["a file with no rows", new TextEncoder().encode("x,y\n"), "a.csv"],
  ] as const)("refuses %s and keeps nothing of it", async (_what, content, name) => {
    const before = (await service.ask("GET /api/datasets")).body["items"] as readonly unknown[];
    const reply = await upload(content, name);
    expect(reply.status, reply.bytes.toString()).toBe(422);
    expect(reply.body["code"]).toMatch(/^FILE_/);
    expect((await service.ask("GET /api/datasets")).body["items"]).toHaveLength(before.length);
  });

  it("refuses what would pass the quota", async () => {
    const rows = `x,y\n${"1.5,2.5\n".repeat(330_000)}`;
    const first = await upload(rows, "large.csv");
    expect(first.status, first.bytes.toString()).toBe(201);
    expectRefusal(await upload(rows, "larger.csv"), 507, "QUOTA", "quota_bytes");
    expect((await service.ask(`DELETE /api/datasets/${String(first.body["id"])}`)).status).toBe(204);
  });

  it("refuses forms that cannot be read, with no file, or with the file in another part", async () => {
    const form = (bytes: string) =>
      service.ask("POST /api/datasets", { bytes, headers: { "content-type": "multipart/form-data; boundary=b" } });
    expectRefusal(await form("nonsense"), 400, "REQUEST", "file");
    expectRefusal(
      await form('--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx,y\n1'),
      400,
      "REQUEST",
      "file",
    );
    expectRefusal(await form('--b\r\ncontent-disposition: form-data; name="name"\r\n\r\na\r\n--b--\r\n'), 400, "REQUEST", "file");
    expectRefusal(await upload("x\n1\n", "a.csv", "other"), 400, "REQUEST", "file");
    const type = { "content-type": "multipart/form-data" };
    expectRefusal(await service.ask("POST /api/datasets", { bytes: "a", headers: type }), 400, "REQUEST");
  });
});

describe("slow and broken clients", () => {
  /** What the server says until it closes the connection, and after how many milliseconds. */
  function talk(words: string): Promise<{ readonly said: string; readonly ms: number }> {
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => socket.write(words));
      let said = "";
      socket.on("data", (bytes) => (said += bytes.toString()));
      socket.on("error", reject);
      socket.on("close", () => resolve({ said, ms: performance.now() - start }));
    });
  }

  it("ends a request whose body does not come within the time of a request", async () => {
    const { said, ms } = await talk(
      "POST /detection/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    expect(said).toContain('"code":"TIMEOUT"');
    expect(ms).toBeLessThan(15_000);
  });

  it("refuses a compressed body, and one said to be larger than any may be, for good", async () => {
    const compressed = { ...json, "content-encoding": "gzip" };
    const sent = await service.ask("POST /api/detection/predict", { bytes: "{}", headers: compressed });
    expect(sent.status).toBe(415);
    const { said } = await talk(
      "POST /api/detection/predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 3000000000\r\n\r\n{",
    );
    expect(said).toMatch(/^HTTP\/1.1 413 /);
  });

  it("ends a connection whose headers do not come", async () => {
    const { said, ms } = await talk("GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow:");
    expect(said).toContain("408");
    expect(ms).toBeLessThan(40_000);
  });

  it("answers what is no HTTP, and headers that are too large, and closes", async () => {
    expect((await talk("NONSENSE\r\n\r\n")).said).toMatch(/^HTTP\/1\.1 400 /);
    const { said } = await talk(`GET /health/live HTTP/1.1\r\nhost: x\r\nx-large: ${"a".repeat(20_000)}\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 431 /);
    expect(said).toContain('"field":"headers"');
  });
});

describe("detectors that change meanwhile", () => {
  it("answers with the old version while a new one is trained, then with the new one", async () => {
    const id = await trainedDetector(service, { hyperparameters: { n_estimators: 300 } });
    const rows = someRows(4000);
    let isTrained = false;
    const training = service.ask("POST /detection/train", { json: { detector_id: id, data: rows } });
    void training.finally(() => (isTrained = true));
    const versions: number[] = [];
    for (let isLast = false; !isLast;) {
      isLast = isTrained;
      const reply = await service.ask("POST /detection/predict", {
        json: { detector_id: id, data: [{ x: versions.length, y: 0 }] },
      });
      expect(reply.status).toBe(200);
      versions.push(Number(reply.body["model_version"]));
    }
    expect(versions[0]).toBe(1);
    expect(versions.at(-1)).toBe(2);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  it("answers predictions for a detector that is removed meanwhile with scores or with 404, never with a fault", async () => {
    const id = await trainedDetector(service);
    const asked = Array.from({ length: 40 }, async (_, index) => {
      if (index === 20) return (await service.ask(`DELETE /api/detectors/${id}`)).status;
      return (await service.ask("POST /detection/predict", { json: { detector_id: id, data: [{ x: index, y: 1 }] } })).status;
    });
    const statuses = await Promise.all(asked);
    expect(statuses[20]).toBe(204);
    expect(statuses.filter((status) => ![200, 204, 404].includes(status))).toEqual([]);
    expectRefusal(
      await service.ask("POST /detection/predict", { json: { detector_id: id, data: [{ x: 0, y: 1 }] } }),
      404,
      "NOT_FOUND",
      "detector_id",
    );
  });
});
