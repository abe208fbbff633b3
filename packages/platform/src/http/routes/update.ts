/** The route that lets a detector learn further, at once or by a job. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { updateDetectorModel } from "../../services/detectors/update.ts";
import type { App } from "../app.ts";
import { ArrowTrainQuery, UpdateRequest } from "../schemas/detection.ts";
import { learningAsk } from "./shared/learning-ask.ts";
import { answeredBefore, callOf, exampleId, exampleRows, problemsOf, route, sendJob } from "./shared/shared.ts";

export function registerUpdate(app: App, context: ServiceContext): void {
  app.post(
    "/api/detection/update",
    route({
      scope: "train",
      isCostly: true,
      isStarred: true,
      takesLargeBodies: true,
      takesArrow: true,
      example: { detector_id: exampleId, data: exampleRows },
      tags: ["detection"],
      summary: "learn further from rows",
      description:
        "For detectors that learn further (`half-space-trees`): stores a new version, which has learned from these rows in their order, as the live one. " +
        "It builds upon the version that is live when it is stored: no update is lost, and where others keep coming first, the answer is 409. " +
        "Threshold and ranks stay. A job learns from a large data set: the answer is 202 with the place of the job. " +
        "Rows may also come as an Arrow IPC stream, with `detector_id` in the query.",
      querystring: ArrowTrainQuery,
      body: UpdateRequest,
      response: { 200: Type.Ref("Updated"), 202: Type.Ref("JobAccepted"), ...problemsOf(404, 409, 413, 415, 422, 502, 507) },
    }),
    async (request, reply) => {
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const answer = await updateDetectorModel(context, call, await learningAsk(context, request, UpdateRequest));
      return answer.kind === "accepted" ? sendJob(reply, answer.job) : reply.send(answer.updated);
    },
  );
}
