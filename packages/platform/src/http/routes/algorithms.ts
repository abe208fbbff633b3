/** Routes that list the algorithms and their parameters, made from the parameter specs. */

import { type AnyDetector, describeRange, detectorById, detectors, type ParamSpec, snakeCase } from "@nomaly/detect";
import { Type } from "typebox";
import type { App } from "../app.ts";
import { strict } from "../schemas/shared.ts";
import { problemsOf, route } from "./shared/shared.ts";

const Parameter = Type.Object({
  name: Type.String({ description: "its name in the hyperparameters of a detector" }),
  kind: Type.String({ description: "number, integer, boolean, choice, or number-or-word" }),
  default: Type.Union([Type.Number(), Type.String(), Type.Boolean()], { description: "its value where none is given" }),
  range: Type.String({ description: "the values that are allowed, in words" }),
  min: Type.Optional(Type.Number({ description: "lower end of the numbers that are allowed; not of other kinds" })),
  max: Type.Optional(Type.Number({ description: "upper end of the numbers that are allowed; none where there is no end" })),
  choices: Type.Optional(
    Type.Array(Type.String(), { description: "the words that are allowed, of a choice and of number-or-word" }),
  ),
  description: Type.String({ description: "what it does, in one sentence" }),
});

const Algorithm = Type.Object({
  id: Type.String({ description: "its name, the algorithm_name of detectors" }),
  description: Type.String({ description: "what it does, in one sentence" }),
  parameters: Type.Array(Parameter, { description: "what can be set in the hyperparameters of a detector" }),
  traits: Type.Record(Type.String(), Type.Unknown(), {
    description: "what may be relied upon, by name, such as whether it learns further or explains its scores",
  }),
});

export function registerAlgorithms(app: App): void {
  const tags = ["algorithms"];
  app.get(
    "/api/algorithms",
    route({
      scope: "read",
      tags,
      summary: "all algorithms",
      response: {
        200: Type.Object({ items: Type.Array(Algorithm, { description: "every algorithm, by name" }) }),
        ...problemsOf(),
      },
    }),
    async () => ({ items: detectors.map(algorithmOf) }),
  );
  const params = Type.Object({ id: Type.String({ maxLength: 100, description: "its name, such as isolation-forest" }) }, strict);
  app.get(
    "/api/algorithms/:id",
    route({ scope: "read", tags, summary: "one algorithm", params, response: { 200: Algorithm, ...problemsOf(404) } }),
    async ({ params: { id } }) => algorithmOf(detectorById(id)),
  );
}

function algorithmOf({ id, summary, params, traits }: AnyDetector) {
  return {
    id,
    description: summary,
    parameters: Object.entries(params).map(([name, spec]) => ({
      name: snakeCase(name),
      kind: spec.kind,
      default: spec.default,
      range: describeRange(spec),
      ...limitsOf(spec),
      description: spec.summary,
    })),
    traits: Object.fromEntries(Object.entries(traits).map(([name, value]) => [snakeCase(name), value as unknown])),
  };
}

/** What a form needs besides the words. JSON has no infinity. */
function limitsOf(spec: ParamSpec): { readonly min?: number; readonly max?: number; readonly choices?: readonly string[] } {
  if (spec.kind === "boolean") return {};
  if (spec.kind === "choice") return { choices: spec.choices };
  const words = spec.kind === "number-or-word" ? { choices: spec.words } : {};
  return { min: spec.min, ...(Number.isFinite(spec.max) ? { max: spec.max } : {}), ...words };
}
