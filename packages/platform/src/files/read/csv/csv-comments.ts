/** Empties the comment lines of a CSV file while it is copied, so that other lines keep their numbers. */

import type { LineFilter } from "../../local/spool.ts";

export interface CommentOptions {
  /** How a comment line begins. */
  readonly comment: string;
  /** Lines at the start that stay as they are. */
  readonly keptLineCount: number;
  /** In a table of one column an empty line is a row, so there comment lines go altogether. */
  readonly dropsLines: boolean;
}

/** A line within a quoted field is no comment. */
export function commentFilter({ comment, keptLineCount, dropsLines }: CommentOptions): LineFilter {
  let linesLeft = keptLineCount;
  let isLineStart = true;
  let isComment = false;
  let inQuotes = false;
  /** The start of a line, shorter than the comment's beginning. */
  let begun = "";

  function endOfLine(): void {
    isLineStart = true;
    isComment = false;
    linesLeft = Math.max(0, linesLeft - 1);
  }

  function feed(piece: string): string {
    const text = begun + piece;
    begun = "";
    let kept = "";
    for (let at = 0; at < text.length;) {
      if (isLineStart && linesLeft === 0 && !inQuotes) {
        const start = text.slice(at, at + comment.length);
        if (piece !== "" && start.length < comment.length && comment.startsWith(start)) {
          begun = start;
          break;
        }
        isComment = start === comment;
      }
      isLineStart = false;
      const found = text.indexOf("\n", at);
      const end = found < 0 ? text.length : found + 1;
      if (!isComment) {
        const line = text.slice(at, end);
        kept += line;
        if (linesLeft === 0 && quoteCountOf(line) % 2 === 1) inQuotes = !inQuotes;
      } else if (found >= 0 && !dropsLines) kept += "\n";
      if (found >= 0) endOfLine();
      at = end;
    }
    return kept;
  }

  return { feed };
}

function quoteCountOf(line: string): number {
  let count = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) count++;
  return count;
}
