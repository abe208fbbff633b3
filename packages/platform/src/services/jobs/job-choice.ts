/** Whether work becomes a job. What only jobs take is refused where none is made: it would be without effect. */

import { NomalyError } from "@nomaly/detect";

/** As they stand in requests. */
export interface JobFields {
  readonly dataset_id?: string | undefined;
  readonly background?: boolean | undefined;
  readonly webhook_url?: string | undefined;
}

/** Of work on a data set. @throws NomalyError REQUEST when there is somebody to tell of the end of a job, and there must be none. */
export function becomesJob({ background, webhook_url: webhookUrl }: JobFields, isLarge: boolean): boolean {
  if (background === false && webhookUrl !== undefined) {
    const message = "webhook_url is told of the end of a job, and background is false";
    throw new NomalyError("REQUEST", message, { field: "webhook_url" });
  }
  return background ?? (isLarge || webhookUrl !== undefined);
}

/** Of rows that stand in the request itself. @throws NomalyError REQUEST naming the field. */
export function refuseBesideRows({ dataset_id: datasetId, background, webhook_url: webhookUrl }: JobFields): void {
  if (datasetId !== undefined) throw new NomalyError("REQUEST", "give either data or dataset_id", { field: "dataset_id" });
  const field = background === true ? "background" : webhookUrl === undefined ? undefined : "webhook_url";
  if (field === undefined) return;
  const message = `${field} is for jobs, and a job takes a dataset_id: store the rows as a data set first`;
  throw new NomalyError("REQUEST", message, { field });
}
