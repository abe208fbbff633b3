/** Asks a part that may fail, or not answer at all. */

/** Either a value, or why there is none. */
export interface Answered<Value> {
  readonly value?: Value;
  readonly error?: string;
}

/** Never rejects, and waits for no longer than `msMax`. */
export async function answeredWithin<Value>(msMax: number, ask: () => Promise<Value>): Promise<Answered<Value>> {
  const { promise: late, resolve } = Promise.withResolvers<Answered<Value>>();
  const timer = setTimeout(() => resolve({ error: `no answer within ${msMax} ms` }), msMax);
  const answer = ask().then(
    (value): Answered<Value> => ({ value }),
    (error: unknown): Answered<Value> => ({ error: (error as Error).message }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
