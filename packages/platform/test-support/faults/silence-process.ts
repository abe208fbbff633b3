/** Watches a server from its own process, so that a busy test does not look like a silent server. */

import { watchSilence } from "../watching/watch-silence.ts";

const [url, detectorId] = process.argv.slice(2);
const watch = watchSilence(url, { detector_id: detectorId });
process.on("message", () => process.send?.(watch.take()));
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
