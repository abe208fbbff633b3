/** Routes that create, list, read, change and remove detectors. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import {
  changeDetector,
  changeStatuses,
  createDetector,
  detectorTagOf,
  findDetectors,
  getDetector,
  removeDetector,
} from "../../services/detectors/detectors.ts";
import { findVersions } from "../../services/detectors/versions.ts";
import type { App } from "../app.ts";
import { smallBodyBytes } from "../body/large-body.ts";
import {
  Detector,
  DetectorChange,
  DetectorList,
  DetectorQuery,
  ModelVersionList,
  NewDetector,
  StatusChange,
  StatusChanged,
} from "../schemas/detectors.ts";
import { PageQuery, strict } from "../schemas/shared.ts";
import {
  callOf,
  exampleId,
  IdParams,
  ifMatch,
  ifNoneMatch,
  isUnchanged,
  problemsOf,
  removed,
  route,
  unchanged,
} from "./shared/shared.ts";

const tags = ["detectors"];
const kind = { algorithm_name: "isolation-forest", contamination: 0.05, hyperparameters: { n_estimators: 200 } };

export function registerDetectors(app: App, context: ServiceContext): void {
  registerOne(app, context);
  app.post(
    "/api/detectors",
    route({
      scope: "train",
      example: { name: "pumps", ...kind },
      tags,
      summary: "create a detector",
      body: NewDetector,
      response: { 201: Detector, ...problemsOf(409, 413, 415) },
    }),
    async (request, reply) => {
      const { value } = await createDetector(context, callOf(request), request.body);
      return reply.code(201).header("location", `/api/detectors/${value.id}`).header("etag", detectorTagOf(value)).send(value);
    },
  );
  app.get(
    "/api/detectors",
    route({
      scope: "read",
      tags,
      summary: "detectors, newest first",
      querystring: DetectorQuery,
      response: { 200: DetectorList, ...problemsOf() },
    }),
    async (request) => findDetectors(context, request.query),
  );
  app.patch(
    "/api/detectors/status",
    route({
      bodyLimit: smallBodyBytes,
      scope: "train",
      example: { ids: [exampleId], status: "disabled" },
      tags,
      summary: "set the status of many detectors",
      body: StatusChange,
      response: { 200: StatusChanged, ...problemsOf(409, 413, 415) },
    }),
    async (request) => {
      const { updatedCount, unknownIds } = await changeStatuses(context, callOf(request), request.body);
      return { updated: updatedCount, unknown_ids: [...unknownIds] };
    },
  );
}

function registerOne(app: App, context: ServiceContext): void {
  app.get(
    "/api/detectors/:id",
    route({
      scope: "read",
      takesHeaders: ifNoneMatch,
      tags,
      summary: "one detector",
      params: IdParams,
      response: { 200: Detector, 304: unchanged, ...problemsOf(404) },
    }),
    async (request, reply) => {
      const view = await getDetector(context, request.params.id);
      const tag = detectorTagOf(view);
      reply.header("etag", tag);
      return isUnchanged(request, tag) ? reply.code(304).send(null) : view;
    },
  );
  app.get(
    "/api/detectors/:id/versions",
    route({
      scope: "read",
      tags,
      summary: "model versions of a detector, newest first",
      params: IdParams,
      querystring: Type.Object(PageQuery, strict),
      response: { 200: ModelVersionList, ...problemsOf(404) },
    }),
    async (request, reply) => reply.send((await findVersions(context, request.params.id, request.query)) as never),
  );
  app.patch(
    "/api/detectors/:id",
    route({
      scope: "train",
      takesHeaders: ifMatch,
      example: { contamination: 0.02 },
      tags,
      summary: "change a detector",
      params: IdParams,
      body: DetectorChange,
      response: { 200: Detector, ...problemsOf(404, 409, 412, 413, 415) },
    }),
    async (request, reply) => {
      const expectedTag = request.headers["if-match"];
      const view = await changeDetector(context, callOf(request), request.params.id, { given: request.body, expectedTag });
      return reply.header("etag", detectorTagOf(view)).send(view);
    },
  );
  app.delete(
    "/api/detectors/:id",
    route({
      scope: "train",
      takesHeaders: ifMatch,
      tags,
      summary: "remove a detector with its models and results",
      params: IdParams,
      response: { 204: removed, ...problemsOf(404, 409, 412) },
    }),
    async (request, reply) => {
      await removeDetector(context, callOf(request), request.params.id, request.headers["if-match"]);
      return reply.code(204).send(null);
    },
  );
}
