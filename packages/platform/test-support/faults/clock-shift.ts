/**
 * Loaded by `--import` into a service under test: shifts its wall clock by the milliseconds in the file named by NOMALY_TEST_CLOCK,
 * and writes the shift that it has applied to a second file, for which the test waits. Monotonic time is not shifted.
 */

import { readFileSync, writeFileSync } from "node:fs";

const path = process.env["NOMALY_TEST_CLOCK"] ?? "";
const lookMs = 10;
const RealDate = Date;
let offsetMs = 0;

class ShiftedDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

function look(): void {
  const wanted = Number(readIfThere());
  if (wanted === offsetMs || !Number.isFinite(wanted)) return;
  offsetMs = wanted;
  writeFileSync(`${path}.seen`, String(offsetMs));
}

function readIfThere(): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The test has written no shift yet.
    return "0";
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
setInterval(look, lookMs).unref();
