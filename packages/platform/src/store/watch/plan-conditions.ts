/** Reads the conditions that EXPLAIN prints: which columns are compared with what. */

export interface Comparison {
  /** As EXPLAIN names the table. */
  readonly alias: string;
  /** Quoted where SQL needs it. */
  readonly column: string;
  /** An index of texts serves a varchar column through this cast, and no other. */
  readonly isCastToText: boolean;
  readonly operator: "=" | "<" | ">" | "<=" | ">=";
  readonly other: string;
}

const name = String.raw`(?:[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|"(?:""|[^"])+")`;
const column = String.raw`(?<alias>${name})\.(?<column>${name})`;
const side = String.raw`(?:${column}|\(${column.replaceAll("?<", "?<cast_")}\)::text)`;
const columnFirst = new RegExp(`^${side} (?<operator><=|>=|=|<|>) (?<other>.+)$`, "s");
const columnLast = new RegExp(`^(?<other>.+) (?<operator><=|>=|=|<|>) ${side}$`, "s");
const aliases = new RegExp(`(${name})\\.`, "g");
const alone = new RegExp(`^${column}$`);
const turned = { "=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<=" } as const;

/** The comparisons of a column that all must hold. Anything else in the condition is left out: no index is sure to serve it. */
export function comparisonsIn(condition: string | undefined): readonly Comparison[] {
  return condition === undefined ? [] : conjuncts(condition).flatMap((part) => [...comparisonsOf(part)]);
}

/** `a.x = b.y` gives two, one for each side. */
function* comparisonsOf(part: string): Generator<Comparison> {
  for (const pattern of [columnFirst, columnLast]) {
    const groups = pattern.exec(part)?.groups;
    if (groups === undefined) continue;
    const { alias = groups["cast_alias"], column: found = groups["cast_column"], other, operator } = groups;
    const given = operator as Comparison["operator"];
    // A condition on two columns of one table is none that an index on one of them serves.
    if ([...other.matchAll(aliases)].some(([, named]) => named === alias)) continue;
    const isCastToText = groups["alias"] === undefined;
    yield { alias, column: found, isCastToText, operator: pattern === columnFirst ? given : turned[given], other };
  }
}

/** A sort key that is a column: its alias, its name, and the direction as SQL writes it. */
export function sortColumn(
  key: string,
): { readonly alias: string; readonly column: string; readonly direction: string } | undefined {
  const [, text = key, direction = ""] = /^(.*?)((?: DESC)?(?: NULLS (?:FIRST|LAST))?)$/s.exec(key) ?? [];
  const groups = alone.exec(text)?.groups;
  return groups === undefined ? undefined : { alias: groups["alias"], column: groups["column"], direction };
}

/** "((a) AND (b))" is a and b. */
function conjuncts(condition: string): readonly string[] {
  const parts: string[] = [];
  const waiting = [condition];
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    const bare = withoutParentheses(text);
    const split = splitAtAnd(bare);
    if (split.length === 1) parts.push(bare);
    else waiting.push(...split.toReversed());
  }
  return parts;
}

function withoutParentheses(text: string): string {
  if (!text.startsWith("(")) return text;
  const end = depths(text).findIndex((depth, at) => at > 0 && depth === 0);
  // The last character closes the first one: the depth before it never falls to zero.
  return end === text.length - 1 ? text.slice(1, -1) : text;
}

function splitAtAnd(text: string): readonly string[] {
  const depth = depths(text);
  const parts: string[] = [];
  let start = 0;
  for (const { index } of text.matchAll(/ AND /g)) {
    if (depth[index] !== 0) continue;
    parts.push(text.slice(start, index));
    start = index + " AND ".length;
  }
  return [...parts, text.slice(start)];
}

/** How many parentheses are open after each character; one more within quotes. */
function depths(text: string): readonly number[] {
  let depth = 0;
  let quote = "";
  return text.split("").map((letter) => {
    if (quote !== "") {
      if (letter !== quote) return depth;
      quote = "";
      return --depth;
    }
    if (letter === "(") depth++;
    else if (letter === ")") depth--;
    else if (letter === "'" || letter === '"') {
      quote = letter;
      depth++;
    }
    return depth;
  });
}
