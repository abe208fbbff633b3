/** A statement as it may be shown: without values and comments, in one line, cut where it is long. */

/**
 * PostgreSQL replaces the values of most statements by $1 and so on, but not in all: those of utility statements stay, and those of a
 * statement whose entry was dropped while it ran.
 */
export function hideLiterals(text: string): string {
  let shown = "";
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === "/*") token.lastIndex = commentEnd(text, match.index);
    const piece = shownPiece(found);
    // Runs of spaces, line ends and comments become one space.
    if (piece !== " " || !shown.endsWith(" ")) shown += piece;
  }
  return shown.trim();
}

const shownCharsMax = 200;

/** The first 200 characters, then "...". */
export function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= shownCharsMax ? text : `${characters.slice(0, shownCharsMax).join("")}...`;
}

/** PostgreSQL's tokens, as far as they tell values from names. What is not closed goes on to the end: the text may have been cut. */
const token = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`/\*`,
    String.raw`"(?:""|[^"])*(?:"|$)`,
    String.raw`[eE]'(?:\\[\s\S]|''|[^'\\])*(?:'|\\?$)`,
    String.raw`(?:[bBxXnN]|[uU]&)?'(?:''|[^'])*(?:'|$)`,
    String.raw`\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`,
    String.raw`\$\d+`,
    String.raw`[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*`,
    String.raw`\.?\d(?:[eE][+-]?\d|[\w.])*`,
    String.raw`\s+`,
    String.raw`[\s\S]`,
  ].join("|"),
  "g",
);

function shownPiece(found: string): string {
  if (found === "/*" || found.startsWith("--") || found.trim() === "") return " ";
  if (/^\$\d/.test(found) || found === "$") return found;
  const isValue = /^(?:(?:[eEbBxXnN]|[uU]&)?'|\$|\.?\d)/.test(found);
  return isValue ? "?" : found;
}

/** Comments may hold comments. */
function commentEnd(text: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(text); match !== null; match = edge.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return text.length;
}
