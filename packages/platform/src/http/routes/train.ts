/** The route that trains a detector, at once or by a job. */

import type { ServiceContext } from "../../services/core/context.ts";
import { train } from "../../services/detectors/train.ts";
import type { App } from "../app.ts";
import { TrainRequest } from "../schemas/detection.ts";
import { arrowRows, learningAsk, learningResponses, learningRoute } from "./shared/learning-ask.ts";
import { answeredBefore, callOf, exampleId, otherExampleId, route, sendJob } from "./shared/shared.ts";

const example = { detector_id: exampleId, dataset_id: otherExampleId };

export function registerTrain(app: App, context: ServiceContext): void {
  app.post(
    "/api/detection/train",
    route({
      ...learningRoute,
      example,
      summary: "train a detector",
      description:
        "On rows, or on a stored data set. A job trains on a large data set: the answer is 202 with the place of the job. " +
        arrowRows,
      body: TrainRequest,
      response: learningResponses("Trained"),
    }),
    async (request, reply) => {
      const call = callOf(request);
      if (await answeredBefore(context, call, reply)) return reply;
      const answer = await train(context, call, await learningAsk(context, request, TrainRequest));
      return answer.kind === "accepted" ? sendJob(reply, answer.job) : reply.send(answer.trained);
    },
  );
}
