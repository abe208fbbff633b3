/** Stores a threshold with the detector of a result, which makes a version of it that labels with the threshold. */

import type { Client, TaggedDetector } from "nomaly/client";
import { useState } from "preact/hooks";

type StoreState =
  | { readonly kind: "none" }
  | { readonly kind: "storing" }
  | { readonly kind: "stored"; readonly version: number; readonly threshold: number }
  | { readonly kind: "failed"; readonly error: unknown };

export interface ThresholdStore {
  readonly state: StoreState;
  readonly store: (threshold: number) => void;
}

export function useThresholdStore(client: Client, detector: TaggedDetector | undefined): ThresholdStore {
  const [state, setState] = useState<StoreState>({ kind: "none" });
  const [etag, setEtag] = useState(detector?.etag);
  const keep = async (id: string, threshold: number) => {
    setState({ kind: "storing" });
    try {
      const changed = await client.detectors.moveThreshold(id, { value: threshold }, { etag });
      setEtag(changed.etag);
      setState({ kind: "stored", version: changed.model_version ?? 0, threshold });
    } catch (error) {
      setState({ kind: "failed", error });
    }
  };
  return { state, store: (threshold) => detector !== undefined && void keep(detector.id, threshold) };
}
