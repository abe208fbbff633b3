/** Text from a file or a command line, as it may be shown on a terminal. */

/** Control characters would act on the terminal, and marks of writing direction would turn text round: they become `?`. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
}
