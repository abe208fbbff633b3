/** The head of a table: the names of its columns, those of numbers at the right. */

interface TableHeadProps {
  readonly names: readonly string[];
  readonly numbers?: readonly string[];
}

export function TableHead({ names, numbers = [] }: TableHeadProps) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col" class={numbers.includes(name) ? "number" : ""}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
