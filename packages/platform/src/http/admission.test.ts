import { describe, expect, it } from "vitest";
import { createAdmission } from "./admission.ts";

const request = (bytes = 0) => ({ headers: { "content-length": String(bytes) } });
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("admission", () => {
  it("refuses what comes late in a turn of the event loop, and lets in again in the next", async () => {
    let time = 0;
    const admission = createAdmission({ limits: { turnMsMax: 10, turnCountMin: 3 }, waitSeconds: () => 1, now: () => time });
    const answers = Array.from({ length: 6 }, () => {
      const why = admission.refusal(request());
      time += 4;
      return why === undefined;
    });
    expect(answers).toEqual([true, true, true, false, false, false]);
    await nextTurn();
    expect(admission.refusal(request())).toBeUndefined();
    expect(admission.stats()).toMatchObject({ admitted: 4, refusedByTurn: 3 });
  });

  it("lets in a few however late: a process that waits for a processor is not overloaded by its clients", () => {
    let time = 0;
    const admission = createAdmission({
      limits: { turnMsMax: 10, turnCountMin: 3 },
      waitSeconds: () => 1,
      now: () => (time += 1000),
    });
    expect([1, 2, 3, 4].map(() => admission.refusal(request()) === undefined)).toEqual([true, true, true, false]);
  });

  it("refuses while the wait for a worker is long", () => {
    let seconds = 5;
    const admission = createAdmission({ waitSeconds: () => seconds });
    expect(admission.refusal(request())).toMatch(/wait for a worker/);
    seconds = 1;
    expect(admission.refusal(request())).toBeUndefined();
  });

  it("bounds how many are answered at once, and the bytes of their bodies", () => {
    const admission = createAdmission({ limits: { inFlightMax: 2, bodyBytesMax: 1_000_000 }, waitSeconds: () => 1 });
    const large = request(900_000);
    expect(admission.refusal(large)).toBeUndefined();
    expect(admission.refusal(request(200_000))).toMatch(/bytes/);
    expect(admission.refusal(request())).toBeUndefined();
    expect(admission.refusal(request())).toMatch(/answered already/);
    admission.left(large);
    expect(admission.refusal(request(200_000))).toBeUndefined();
    expect(admission.stats()).toMatchObject({ inFlight: 2, bodyBytes: 200_000 });
  });
});
