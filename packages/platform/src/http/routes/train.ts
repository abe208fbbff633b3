/** The route that trains a detector, at once or by a job. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { train } from "../../services/detectors/train.ts";
import type { App } from "../app.ts";
import { ArrowTrainQuery, TrainRequest } from "../schemas/detection.ts";
import { learningAsk } from "./shared/learning-ask.ts";
import { answeredBefore, callOf, exampleId, otherExampleId, problemsOf, route, sendJob } from "./shared/shared.ts";

const example = { detector_id: exampleId, dataset_id: otherExampleId };

export function registerTrain(app: App, context: ServiceContext): void {
  app.post(
    "/api/detection/train",
    route({
      scope: "train",
      isCostly: true,
      isStarred: true,
      takesLargeBodies: true,
      takesArrow: true,
      example,
      tags: ["detection"],
      summary: "train a detector",
      description:
        "On rows, or on a stored data set. A job trains on a large data set: the answer is 202 with the place of the job. " +
        "Rows may also come as an Arrow IPC stream, with `detector_id` in the query.",
      querystring: ArrowTrainQuery,
      body: TrainRequest,
      response: { 200: Type.Ref("Trained"), 202: Type.Ref("JobAccepted"), ...problemsOf(404, 409, 413, 415, 422, 502, 507) },
    }),
    async (request, reply) => {
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const answer = await train(context, call, await learningAsk(context, request, TrainRequest));
      return answer.kind === "accepted" ? sendJob(reply, answer.job) : reply.send(answer.trained);
    },
  );
}
