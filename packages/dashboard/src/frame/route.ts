/** What the address names: `#/operate`, `#/detect`, `#/detect/DATASET` or `#/detect/DATASET/RESULT`. */

import { useEffect, useState } from "preact/hooks";

export interface Route {
  readonly view: "operate" | "detect";
  readonly datasetId: string | undefined;
  readonly resultId: string | undefined;
}

/** An address that names no view is that of the operator. */
export function routeOf(hash: string): Route {
  const [view, datasetId, resultId] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  if (view !== "detect") return { view: "operate", datasetId: undefined, resultId: undefined };
  return { view, datasetId: datasetId === "" ? undefined : datasetId, resultId: resultId === "" ? undefined : resultId };
}

export function detectHash(datasetId?: string, resultId?: string): string {
  const parts = [datasetId, resultId].filter((part) => part !== undefined).map(encodeURIComponent);
  return ["#/detect", ...parts].join("/");
}

export function useRoute(): Route {
  const [route, setRoute] = useState(routeOf(location.hash));
  useEffect(() => {
    const follow = () => setRoute(routeOf(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** A part that cannot be decoded stands as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
