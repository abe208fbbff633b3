/** The first line of a CSV file: whether it holds names, and what columns without a name are called. */

/** A number, a date or a time begins with a digit, after at most blanks, a sign and a point. */
const beginsLikeValue = /^\s*[+-]?\.?\d/;

/**
 * Whether the first line certainly holds names: an empty one and then different texts, as R and pandas write them before row names. In a
 * table of texts DuckDB would take such a line for a row whose first number is missing.
 */
export function namesAllButFirst(firstRecord: readonly string[]): boolean {
  const [first, ...others] = firstRecord.map((field) => field.trim());
  const areNames = others.every((name) => name !== "" && !beginsLikeValue.test(name));
  return first === "" && others.length > 0 && areNames && new Set(others).size === others.length;
}

interface NamedColumn {
  readonly name: string;
  readonly alias?: string;
}

/**
 * Calls columns without a name `column0`, `column1`, ... by their place; DuckDB writes `column00` in a table of more than ten columns.
 * @param names the file's names; undefined if it has none.
 */
export function namedByPlace<Column extends NamedColumn>(
  columns: readonly Column[],
  names?: readonly string[],
): readonly Column[] {
  const taken = new Set(names?.map((name) => name.trim().toLowerCase()));
  return columns.map((column, index) => {
    const own = `column${index}`;
    const isUnnamed = names === undefined || (names[index] ?? "?").trim() === "";
    if (!isUnnamed || taken.has(own) || column.name === own) return column;
    return { ...column, name: own, alias: column.alias ?? column.name };
  });
}
