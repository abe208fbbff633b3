/** Parts that schemas of the HTTP API share. A schema is the type, the check and the description at once. */

import { type Static, type TSchema, Type } from "typebox";

/** Refuses unknown members, since a misspelt one would have no effect. */
export const strict = { additionalProperties: false } as const;

export function oneOf<const Word extends string>(
  words: readonly Word[],
  options: { readonly description?: string; readonly default?: Word } = {},
) {
  return Type.Unsafe<Word>({ type: "string", enum: [...words], ...options });
}

/** @param description also tells when it is null. */
export const nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const idOf = (description: string) => Type.String({ format: "uuid", description });
export const timeOf = (description: string) => Type.String({ format: "date-time", description });

export const Id = idOf("an id that the service gave");

export const Problem = Type.Object(
  {
    type: Type.String({ description: "a URN of the code; not an address to open" }),
    title: Type.String({ description: "what the code means" }),
    status: Type.Integer({
      description: "the HTTP status of the answer; errors inside an answer have the one that they alone would get",
    }),
    code: Type.String({ description: "a code of a closed list: match on it" }),
    detail: Type.String({ description: "one sentence: what was expected, and what came" }),
    field: Type.Optional(Type.String({ description: "the field, column or setting at fault" })),
    row_index: Type.Optional(Type.Integer({ description: "the row at fault, from 0" })),
    request_id: Type.String({ description: "names the request in the log of the service; also in the header X-Request-Id" }),
  },
  { $id: "Problem", description: "an error (RFC 9457)" },
);
export type Problem = Static<typeof Problem>;

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "most items of the page" })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "`next_cursor` of the previous page" })),
};

export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item, { description: "newest first" }),
    next_cursor: nullable(Type.String(), "`cursor` of the next page; null on the last page"),
  });
}

/** The error of work that has ended, as it is kept. */
export const StoredError = Type.Object({
  code: Type.String({ description: "a code of a closed list: match on it" }),
  detail: Type.String({ description: "one sentence: what was expected, and what came" }),
  field: Type.Optional(Type.String({ description: "the field, column or setting at fault" })),
});

const Cell = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);

/** The title of schemas that only describe: the reader of rows checks each cell and gives better messages. */
export const checkedWhenRead = "Rows";

/** Rows of a request. The reader of rows checks width, values and names against the model. */
export const Rows = Type.Unsafe<
  readonly (readonly unknown[] | Readonly<Record<string, unknown>>)[] | Readonly<Record<string, readonly unknown[]>>
>({
  title: checkedWhenRead,
  description:
    "rows: objects by column name, or arrays of values in the order of `columns`; or columns: arrays of values by name",
  anyOf: [
    {
      type: "array",
      items: {
        anyOf: [
          { type: "object", additionalProperties: Cell },
          { type: "array", items: Cell },
        ],
      },
    },
    { type: "object", additionalProperties: { type: "array", items: Cell } },
  ],
  examples: [[{ speed: 61.5, power: 130 }]],
});
export type Rows = Static<typeof Rows>;

/** Rows as the field of a request. */
export const rowsAs = (description: string) => Type.Unsafe<Rows>({ ...Rows, description });

export const ColumnNames = Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), {
  minItems: 1,
  description: "names of the columns, in the order of the values, for rows that are arrays",
});
