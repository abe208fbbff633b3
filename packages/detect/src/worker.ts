/** Where a worker thread starts: it knows every detector's tasks and answers requests for them. */

import { workerHost } from "#worker-host";
import { useEveryFamily } from "./kernels/every-family.ts";
import { detectors } from "./registry.ts";
import { serveTasks } from "./threads/serve-tasks.ts";
import { taskTable } from "./threads/task-table.ts";

useEveryFamily();
serveTasks(taskTable(detectors), workerHost);
