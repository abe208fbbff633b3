/** Makes text from a file or command line safe to show on a terminal. */

/** Control characters would control the terminal, and direction marks would reverse text. */
// eslint-disable-next-line no-control-regex
export const unprintablePattern = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Replaces such characters by `?`. */
export function printable(text: string): string {
  return text.replaceAll(unprintablePattern, "?");
}
