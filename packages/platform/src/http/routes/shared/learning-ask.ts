/** Reads what the routes ask that learn from rows: a detector, and rows in a body, parsed or not, or in a data set. */

import type { FastifyRequest } from "fastify";
import type { TSchema } from "typebox";
import type { BodyFields } from "../../../compute/work.ts";
import type { ServiceContext } from "../../../services/core/context.ts";
import type { TrainAsk } from "../../../services/detectors/train.ts";
import { refuseBesideRows } from "../../../services/jobs/job-choice.ts";
import { rowsSource } from "../../../services/rows/rows-source.ts";
import { LargeBody } from "../../body/large-body.ts";
import { validateFields } from "../../body/validation.ts";
import type { TrainRequest } from "../../schemas/detection.ts";
import { arrowField, refuseQuery } from "./arrow-query.ts";

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
