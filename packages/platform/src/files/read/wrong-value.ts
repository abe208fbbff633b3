/** The error for the value of an option, which the command line and the service name in their own way. */

import { NomalyError } from "@nomaly/detect";

export function wrongValue(name: string, expected: string, text: string): NomalyError {
  const message = [{ kind: "option", name, values: [] } as const, ` must be ${expected}, got ${JSON.stringify(text)}`];
  return new NomalyError("USAGE", message, { field: name, expected, received: text });
}
