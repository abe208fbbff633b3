/** Asserts that work is refused with a coded error. */

import { expect } from "vitest";
import type { ErrorCode } from "../src/errors.ts";
import { NomalyError } from "../src/errors.ts";

export function expectCode(code: ErrorCode, work: () => unknown): NomalyError {
  try {
    work();
  } catch (error) {
    if (!(error instanceof NomalyError)) throw error;
    expect(error.code).toBe(code);
    return error;
  }
  return expect.fail(`expected ${code}, but nothing was thrown`);
}
