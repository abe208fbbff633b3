/** Keeps a list of opened resources and closes them in reverse order; a resource that fails to close does not keep the others open. */

export class Closing {
  readonly #steps: (() => void | Promise<void>)[] = [];
  #done: Promise<readonly unknown[]> | undefined;

  opened<Value>(value: Value, close: (value: Value) => void | Promise<void>): Value {
    this.#steps.push(() => close(value));
    return value;
  }

  /** Further calls give the result of the first. @returns the errors of resources that could not be closed. */
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
