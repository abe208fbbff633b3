/** Answers with the body it got, by the same web framework: the baseline for the service. */

import type { AddressInfo } from "node:net";
import fastify from "fastify";

const app = fastify({ bodyLimit: 64 * 1024 ** 2 });
app.post("/echo", async (request) => request.body);
await app.listen({ host: "127.0.0.1", port: 0 });
console.log(`echo listens on ${(app.server.address() as AddressInfo).port}`);
process.on("SIGTERM", () => process.exit(0));
