/** The live metrics as state of a component. */

import type { Client } from "nomaly/client";
import { useEffect, useState } from "preact/hooks";
import { followMetrics, type Live, nothingYet } from "./live-metrics.ts";

export function useLive(client: Client): Live {
  const [live, setLive] = useState<Live>(nothingYet);
  useEffect(() => {
    const ending = new AbortController();
    setLive(nothingYet);
    void followMetrics(client, setLive, ending.signal);
    return () => ending.abort();
  }, [client]);
  return live;
}
