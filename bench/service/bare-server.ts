/** Answers every piece of bytes with 200, without reading it: the least that a server can do, to measure a load generator by. */

import { type AddressInfo, createServer } from "node:net";

const body = '{"n_anomalies":1}';
const answer = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.on("data", () => socket.write(answer));
});
server.listen(0, "127.0.0.1", () => console.log(`bare listens on ${(server.address() as AddressInfo).port}`));
process.on("SIGTERM", () => process.exit(0));
