/**
 * Restores the file's own column names. DuckDB ignores case: of `a` and `A` it renames the second to `A_1`. SQL uses DuckDB's name, the
 * alias; all other code uses the file's name.
 */

/** True if the alias is the name with a number appended. */
function isNumbered(alias: string, name: string): boolean {
  return alias.startsWith(`${name}_`) && /^\d+(_\d+)*$/.test(alias.slice(name.length + 1));
}

/** Whether DuckDB may have appended numbers to some names, so that the file's names have to be read. */
export function mayBeNumbered(aliases: readonly string[]): boolean {
  const known = new Set(aliases.map((alias) => alias.toLowerCase()));
  return aliases.some((alias) => known.has(alias.toLowerCase().replace(/(_\d+)+$/, "")) && /_\d+$/.test(alias));
}

/**
 * The file's names for the columns that DuckDB calls by these aliases. A name that the file has twice keeps DuckDB's number.
 * @param given the file's names, in order; ignored if there are more or fewer than aliases.
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

/** Appends numbers to names that differ only in case; the first of them keeps its name. */
export function caselessNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const alias = free(name, taken, (text) => text.toLowerCase());
    taken.add(alias.toLowerCase());
    return alias;
  });
}

/** Appends numbers to repeated names; the first of them keeps its name. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const own = free(name, taken);
    taken.add(own);
    return own;
  });
}

/** Needs at most as many tries as there are taken names. */
function free(name: string, taken: ReadonlySet<string>, keyOf = (text: string) => text): string {
  if (!taken.has(keyOf(name))) return name;
  let number = 1;
  while (taken.has(keyOf(`${name}_${number}`))) number++;
  return `${name}_${number}`;
}
