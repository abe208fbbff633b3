/** What the routes that learn from rows have in common: they take a detector, and rows in a body, parsed or not, or in a data set. */

import type { FastifyRequest } from "fastify";
import { type TSchema, Type } from "typebox";
import type { BodyFields } from "../../../compute/work.ts";
import type { ServiceContext } from "../../../services/core/context.ts";
import type { TrainAsk } from "../../../services/detectors/train.ts";
import { refuseBesideRows } from "../../../services/jobs/job-choice.ts";
import { rowsSource } from "../../../services/rows/rows-source.ts";
import { LargeBody } from "../../body/large-body.ts";
import { validateFields } from "../../body/validation.ts";
import { ArrowTrainQuery, type TrainRequest } from "../../schemas/detection.ts";
import { arrowField, refuseQuery } from "./arrow-query.ts";
import { problemsOf } from "./shared.ts";

/** The parts of such a route. Its description ends in `arrowRows`. */
export const learningRoute = {
  scope: "train",
  isCostly: true,
  isStarred: true,
  takesLargeBodies: true,
  takesArrow: true,
  tags: ["detection"],
  querystring: ArrowTrainQuery,
} as const;
export const arrowRows = "Rows may also come as an Arrow IPC stream, with `detector_id` in the query.";

/** The answers of such a route, by the name of the schema that it answers with when it works at once. */
export function learningResponses<const Name extends string>(name: Name) {
  return { 200: Type.Ref(name), 202: Type.Ref("JobAccepted"), ...problemsOf(404, 409, 413, 415, 422, 502, 507) };
}

/** @param schema checks the fields of a body that a worker reads. */
export async function learningAsk(context: ServiceContext, request: FastifyRequest, schema: TSchema): Promise<TrainAsk> {
  const body = request.body as TrainRequest | LargeBody;
  if (body instanceof LargeBody) {
    const { given } = body;
    if (given.format === "arrow") return { detectorId: arrowField(request, "detector_id"), source: given };
    refuseQuery(request);
    const detectorId = (fields: BodyFields) => {
      const read = validateFields<TrainRequest>(schema, fields);
      refuseBesideRows(read);
      return read.detector_id;
    };
    return { detectorId, source: given };
  }
  refuseQuery(request);
  const { detector_id: detectorId, background, webhook_url: webhookUrl } = body;
  const source = await rowsSource(context, body);
  return { detectorId, source, background, webhookUrl };
}
