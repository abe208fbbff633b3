/** Work in pieces, done without a pause. */

export function toEnd<Result>(pieces: Generator<void, Result, void>): Result {
  for (;;) {
    const step = pieces.next();
    if (step.done === true) return step.value;
  }
}
