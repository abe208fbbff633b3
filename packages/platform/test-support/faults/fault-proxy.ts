/** A TCP proxy that can be told to fail: to cut, delay, swallow or refuse what passes between a client and a real server. */

import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface FaultProxy {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Open now, clients' side. */
  connectionCount(): number;
  /** Ever accepted. */
  acceptedCount(): number;
  /** Resets every open connection; new ones pass. */
  cut(): void;
  /** From now on, so many milliseconds before every piece goes on, either way. */
  delay(milliseconds: number): void;
  /** From now on nothing passes and nothing is closed, as when a cable is pulled; new connections are taken and say nothing. */
  blackhole(): void;
  /** From now on new connections are reset at once; those open go on. */
  refuse(): void;
  /** Cuts each connection that is open or comes when so many further bytes have come from the server. */
  cutAfterBytes(byteCount: number): void;
  /** From now on sees every piece before it goes on. */
  watch(look: ((piece: Buffer, from: "client" | "server") => void) | undefined): void;
  /** No fault any more. What a blackhole swallowed stays lost, so connections of that time are cut. */
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
      // Timers of the same length fire in the order in which they were set, so pieces keep theirs.
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

/** A socket that fails also closes; that is where it is dealt with. */
function ignore(): void {}
