/** The route that lets a detector learn further, at once or by a job. */

import type { ServiceContext } from "../../services/core/context.ts";
import { updateDetectorModel } from "../../services/detectors/update.ts";
import type { App } from "../app.ts";
import { UpdateRequest } from "../schemas/detection.ts";
import { arrowRows, learningAsk, learningResponses, learningRoute } from "./shared/learning-ask.ts";
import { answeredBefore, callOf, exampleId, exampleRows, route, sendJob } from "./shared/shared.ts";

export function registerUpdate(app: App, context: ServiceContext): void {
  app.post(
    "/api/detection/update",
    route({
      ...learningRoute,
      example: { detector_id: exampleId, data: exampleRows },
      summary: "learn further from rows",
      description:
        "For detectors that learn further (`half-space-trees`, `series-novelty`): stores a new version, which has learned from these rows in their order, as the live one. " +
        "It builds upon the version that is live when it is stored: no update is lost, and where others keep coming first, the answer is 409. " +
        "Threshold and ranks stay. A job learns from a large data set: the answer is 202 with the place of the job. " +
        arrowRows,
      body: UpdateRequest,
      response: learningResponses("Updated"),
    }),
    async (request, reply) => {
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const answer = await updateDetectorModel(context, call, await learningAsk(context, request, UpdateRequest));
      return answer.kind === "accepted" ? sendJob(reply, answer.job) : reply.send(answer.updated);
    },
  );
}
