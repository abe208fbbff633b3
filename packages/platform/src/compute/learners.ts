/** For the services: which detectors learn from further rows. */

export { requireLearner } from "../table-work/learners.ts";
