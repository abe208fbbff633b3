import { expect, it } from "vitest";
import { createSlots } from "./file-work.ts";

const never = new AbortController().signal;

it("runs so many at once, the others in their order", async () => {
  const slots = createSlots({ runningMax: 2, waitingMax: 10 });
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const works = gates.map((gate, index) =>
    slots.run(never, () => {
      begun.push(index);
      return gate.promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  gates[1].resolve();
  await works[1];
  gates[2].reject(new Error("broken"));
  await expect(works[2]).rejects.toThrow("broken");
  gates[3].resolve();
  await works[3];
  gates[0].resolve();
  gates[4].resolve();
  await Promise.all([works[0], works[4]]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

it("lets go who leaves while waiting, and refuses more than may wait", async () => {
  const slots = createSlots({ runningMax: 1, waitingMax: 1 });
  const gate = Promise.withResolvers<void>();
  const first = slots.run(never, () => gate.promise);
  const leaving = new AbortController();
  const left = slots.run(leaving.signal, () => Promise.resolve("begun"));
  await expect(slots.run(never, () => Promise.resolve("begun"))).rejects.toMatchObject({ code: "OVERLOADED" });
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  const next = slots.run(never, () => Promise.resolve("begun"));
  gate.resolve();
  await first;
  expect(await next).toBe("begun");
});
