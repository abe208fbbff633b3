/** Remembers what was opened and closes it in reverse order, each within its own means, none skipped because another failed. */

export class Closing {
  readonly #steps: (() => void | Promise<void>)[] = [];
  #done: Promise<readonly unknown[]> | undefined;

  opened<Value>(value: Value, close: (value: Value) => void | Promise<void>): Value {
    this.#steps.push(() => close(value));
    return value;
  }

  /** Once, however often it is called. @returns the errors of those that could not be closed. */
  closeAll(): Promise<readonly unknown[]> {
    this.#done ??= this.#close();
    return this.#done;
  }

  async #close(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (const step of this.#steps.toReversed()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}
