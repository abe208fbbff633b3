/** A fitted model behind a plain HTTP server: POST rows as JSON, get scores, labels and ranks. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fit, NomalyError } from "@nomaly/detect";

const bodyBytesMax = 1_000_000;

const usual = Array.from({ length: 500 }, (_, i) => ({ latency_ms: 20 + ((i * 37) % 25), size_kb: 4 + ((i * 11) % 9) }));
const model = await fit(usual, { detector: "robust-z", contamination: 0.01 });

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };
  try {
    let body = "";
    for await (const chunk of request) {
      body += String(chunk);
      if (body.length > bodyBytesMax) return answer(413, { detail: `at most ${bodyBytesMax} bytes` });
    }
    const { scores, labels, ranks } = model.predict(JSON.parse(body) as Record<string, number>[]);
    answer(200, { scores: [...scores], labels: [...labels], ranks: [...ranks] });
  } catch (error) {
    if (error instanceof NomalyError) answer(422, { code: error.code, detail: error.message, field: error.field });
    else answer(400, { detail: "the body is no JSON" });
  }
});

server.listen(Number(process.env["PORT"] ?? 8080), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on("SIGTERM", () => server.close());
