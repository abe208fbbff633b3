/** Waits for a condition within a bound, so that tests need not sleep for a fixed time. */

const pollMs = 5;

export async function eventually(claim: string, holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${claim}`);
    await new Promise((later) => setTimeout(later, pollMs));
  }
}
