/** Calls for schedules, and the one that tells what is stored. */

import { listed, type ListOptions } from "./pages.ts";
import type { NewSchedule, Schedule, ScheduleChange, Usage } from "./upkeep-types.ts";
import { type CallOptions, json, nothing, type Transport } from "./transport.ts";

/** Calls for work that the service does again and again. */
export interface Schedules {
  /** Makes a schedule that trains a detector or scores a data set. */
  create(schedule: NewSchedule, options?: CallOptions): Promise<Schedule>;
  /** A schedule with its last run and its next. */
  get(id: string, options?: CallOptions): Promise<Schedule>;
  /** All schedules, newest first. */
  list(options?: ListOptions): AsyncGenerator<Schedule, void>;
  /** Enables or disables a schedule, or changes its name or times, and plans its next run anew. */
  change(id: string, change: ScheduleChange, options?: CallOptions): Promise<Schedule>;
  /** Removes a schedule; a job that it has started goes on. */
  remove(id: string, options?: CallOptions): Promise<void>;
}

export function schedulesOf(transport: Transport): Schedules {
  const { call } = transport;
  return {
    create: (schedule, options) =>
      call({ route: "POST /api/schedules", json: schedule, isChange: true }, json<Schedule>, options),
    get: (id, options) => call({ route: "GET /api/schedules/:id", id }, json<Schedule>, options),
    list: (options = {}) => listed<Schedule>(transport, { route: "GET /api/schedules" }, options),
    change: (id, change, options) =>
      call({ route: "PATCH /api/schedules/:id", id, json: change, isChange: true }, json<Schedule>, options),
    remove: (id, options) => call({ route: "DELETE /api/schedules/:id", id, isChange: true }, nothing, options),
  };
}

/** What is stored, and what may be. */
export type UsageCall = (options?: CallOptions) => Promise<Usage>;

export function usageOf({ call }: Transport): UsageCall {
  return (options) => call({ route: "GET /api/usage" }, json<Usage>, options);
}
