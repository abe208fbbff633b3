/** Text from a file or a command line, as it may be shown on a terminal. */

/** Control characters would act on the terminal, and marks of writing direction would turn text round. */
// eslint-disable-next-line no-control-regex
export const unprintablePattern = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** With `?` in their place. */
export function printable(text: string): string {
  return text.replaceAll(unprintablePattern, "?");
}
