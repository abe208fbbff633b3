/** Schema of what a model learned of a column. */

import { Type } from "typebox";

export const LearnedColumn = Type.Object({
  name: Type.String({ description: "name of the column" }),
  kind: Type.String({ description: "what the column holds: number, date, boolean or text" }),
  missing_share: Type.Number({ description: "share of the training rows that have no value in this column, 0 to 1" }),
  numbers: Type.Optional(
    Type.Object(
      {
        min: Type.Number({ description: "the smallest value" }),
        low: Type.Number({ description: "lower end of the usual values: the 5 % quantile" }),
        median: Type.Number({ description: "the value in the middle" }),
        high: Type.Number({ description: "upper end of the usual values: the 95 % quantile" }),
        max: Type.Number({ description: "the largest value" }),
      },
      { description: "of numbers, of dates in milliseconds since 1970, and of booleans as 0 and 1" },
    ),
  ),
  categories: Type.Optional(
    Type.Object(
      {
        commonest: Type.Array(
          Type.Object({
            value: Type.String({ description: "the category" }),
            share: Type.Number({ description: "share of the training rows that have it, 0 to 1" }),
          }),
          { description: "the commonest categories, at most 5" },
        ),
        distinct_count: Type.Integer({ description: "number of different categories" }),
      },
      { description: "of texts, which are categories" },
    ),
  ),
});
