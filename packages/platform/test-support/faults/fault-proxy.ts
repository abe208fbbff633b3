/** A TCP proxy that a test lets cut, delay, swallow or refuse the traffic between a client and a real server. */

import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface FaultProxy {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Open connections of clients. */
  connectionCount(): number;
  /** All connections that it has accepted. */
  acceptedCount(): number;
  /** Resets all open connections; new connections work. */
  cut(): void;
  /** Delays every chunk in both directions by so many milliseconds. */
  delay(milliseconds: number): void;
  /** Passes nothing on and closes nothing, as when a cable is pulled; new connections are accepted and get no answer. */
  blackhole(): void;
  /** Resets new connections at once; open connections work. */
  refuse(): void;
  /** Cuts each open or new connection after so many further bytes from the server. */
  cutAfterBytes(byteCount: number): void;
  /** Calls the function with every chunk before it is passed on. */
  watch(look: ((piece: Buffer, from: "client" | "server") => void) | undefined): void;
  /** Ends all faults. Connections that lost bytes in a blackhole are cut. */
  heal(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  bytesLeft: number;
}

export async function startFaultProxy(target: { readonly host?: string; readonly port: number }): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let delayMs = 0;
  let isBlackhole = false;
  let isRefusing = false;
  let bytesMax = Infinity;
  let acceptedCount = 0;
  let look: ((piece: Buffer, from: "client" | "server") => void) | undefined;

  const cut = () => {
    for (const pair of pairs) cutPair(pair);
  };

  const proxy = createServer((client) => {
    acceptedCount++;
    client.on("error", ignore);
    if (isRefusing) return void client.resetAndDestroy();
    const server = connect({ host: target.host ?? "127.0.0.1", port: target.port });
    server.on("error", ignore);
    const pair: Pair = { client, server, bytesLeft: bytesMax };
    pairs.add(pair);
    forward(pair, client, server);
    forward(pair, server, client);
  });

  function forward(pair: Pair, from: Socket, to: Socket): void {
    const onward = (pass: () => void) => {
      if (isBlackhole) return;
      // Timers with the same delay fire in the order in which they were set, so chunks keep their order.
      if (delayMs > 0) setTimeout(pass, delayMs);
      else pass();
    };
    from.on("data", (piece) => {
      look?.(piece, from === pair.server ? "server" : "client");
      onward(() => (from === pair.server ? passCounted(pair, piece) : void to.write(piece)));
    });
    from.on("end", () => onward(() => to.end()));
    from.on("close", () => {
      onward(() => to.destroy());
      if (pair.client.destroyed && pair.server.destroyed) pairs.delete(pair);
    });
  }

  await new Promise<void>((ready) => proxy.listen(0, "127.0.0.1", ready));
  return {
    host: "127.0.0.1",
    port: (proxy.address() as AddressInfo).port,
    connectionCount: () => pairs.size,
    acceptedCount: () => acceptedCount,
    cut,
    delay: (milliseconds) => void (delayMs = milliseconds),
    blackhole: () => void (isBlackhole = true),
    refuse: () => void (isRefusing = true),
    cutAfterBytes(byteCount) {
      bytesMax = byteCount;
      for (const pair of pairs) pair.bytesLeft = byteCount;
    },
    watch: (looks) => void (look = looks),
    heal() {
      if (isBlackhole || bytesMax < Infinity) cut();
      [delayMs, isBlackhole, isRefusing, bytesMax] = [0, false, false, Infinity];
    },
    async close() {
      cut();
      await new Promise<void>((closed) => proxy.close(() => closed()));
    },
  };
}

function passCounted(pair: Pair, piece: Buffer): void {
  pair.client.write(piece.subarray(0, pair.bytesLeft));
  pair.bytesLeft -= piece.byteLength;
  if (pair.bytesLeft <= 0) cutPair(pair);
}

function cutPair({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}

/** Errors are ignored here, since a socket that fails also closes, which is handled. */
function ignore(): void {}
