/** Routes that list the algorithms and their parameters, made from the parameter specs. */

import { type AnyDetector, describeRange, detectorById, detectors, snakeCase } from "@nomaly/detect";
import { Type } from "typebox";
import type { App } from "../app.ts";
import { strict } from "../schemas/shared.ts";
import { problemsOf, route } from "./shared/shared.ts";

const Parameter = Type.Object({
  name: Type.String(),
  kind: Type.String(),
  default: Type.Union([Type.Number(), Type.String(), Type.Boolean()]),
  range: Type.String(),
  description: Type.String(),
});

const Algorithm = Type.Object({
  id: Type.String(),
  description: Type.String(),
  parameters: Type.Array(Parameter),
  traits: Type.Record(Type.String(), Type.Unknown()),
});

export function registerAlgorithms(app: App): void {
  const tags = ["algorithms"];
  app.get(
    "/api/algorithms",
    route({
      scope: "read",
      tags,
      summary: "all algorithms",
      response: { 200: Type.Object({ items: Type.Array(Algorithm) }), ...problemsOf() },
    }),
    async () => ({ items: detectors.map(algorithmOf) }),
  );
  const params = Type.Object({ id: Type.String({ maxLength: 100 }) }, strict);
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
      description: spec.summary,
    })),
    traits: Object.fromEntries(Object.entries(traits).map(([name, value]) => [snakeCase(name), value as unknown])),
  };
}
