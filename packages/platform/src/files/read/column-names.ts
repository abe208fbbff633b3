/**
 * Names of columns as the file has them. DuckDB knows no case: of `a` and `A` it calls the second `A_1`. SQL speaks of a column by DuckDB's
 * name for it, its alias; everything else by its own.
 */

/** An alias is its name, or the name with a number behind it. */
function isNumbered(alias: string, name: string): boolean {
  return alias.startsWith(`${name}_`) && /^\d+(_\d+)*$/.test(alias.slice(name.length + 1));
}

/** Whether DuckDB may have put numbers behind some of these: only then it is worth looking at what the file has. */
export function mayBeNumbered(aliases: readonly string[]): boolean {
  const known = new Set(aliases.map((alias) => alias.toLowerCase()));
  return aliases.some((alias) => known.has(alias.toLowerCase().replace(/(_\d+)+$/, "")) && /_\d+$/.test(alias));
}

/**
 * The file's names of the columns that DuckDB calls by these aliases. What the file has twice keeps its number.
 * @param given as the file has them, in its order; of another length they are of no use.
 */
export function ownNames(aliases: readonly string[], given: readonly string[]): readonly string[] {
  if (given.length !== aliases.length) return aliases;
  const taken = new Set(aliases.filter((alias, index) => alias === given[index]));
  return aliases.map((alias, index) => {
    const name = given[index];
    if (alias === name) return alias;
    const own = isNumbered(alias, name) && !taken.has(name) ? name : free(alias, taken);
    taken.add(own);
    return own;
  });
}

/** Names that differ in more than case, as few of them changed as can be: the first of equals keeps its own. */
export function caselessNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const alias = free(name, taken, (text) => text.toLowerCase());
    taken.add(alias.toLowerCase());
    return alias;
  });
}

/** Equal names get a number. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const own = free(name, taken);
    taken.add(own);
    return own;
  });
}

/** Ends after as many tries as names are taken. */
function free(name: string, taken: ReadonlySet<string>, keyOf = (text: string) => text): string {
  if (!taken.has(keyOf(name))) return name;
  let number = 1;
  while (taken.has(keyOf(`${name}_${number}`))) number++;
  return `${name}_${number}`;
}
