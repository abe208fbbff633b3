/** Watches a server from a process of its own: what the test is busy with must not look like a silence of the server. */

import { watchSilence } from "../watching/watch-silence.ts";

const [url, detectorId] = process.argv.slice(2);
const watch = watchSilence(url, { detector_id: detectorId });
process.on("message", () => process.send?.(watch.take()));
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
