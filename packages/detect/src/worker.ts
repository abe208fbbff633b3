/** Where a worker thread starts: it knows every detector's tasks and answers requests for them. */

import { workerHost } from "#worker-host";
import { detectors } from "./registry.ts";
import { serveTasks } from "./threads/serve-tasks.ts";
import { taskTable } from "./threads/task-table.ts";

serveTasks(taskTable(detectors), workerHost);
