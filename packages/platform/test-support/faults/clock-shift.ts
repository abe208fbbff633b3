/**
 * Loaded by `--import` into a service under test: its wall clock is off by the milliseconds that stand in the file named by
 * NOMALY_TEST_CLOCK. What it took over is written beside it, so that a test need not guess when. Monotonic time goes on as it was.
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
    // No jump yet.
    return "0";
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
setInterval(look, lookMs).unref();
