/** Sends a file with the client, and tells how far it is: `fetch` does not. */

import type { Client, Dataset } from "nomaly/client";

/** Uploads and work on large data sets may take this long. */
export const longCallMs = 30 * 60_000;

interface Uploading {
  /** Makes a client that sends with another function than `fetch`. */
  readonly clientWith: (send: typeof fetch) => Client;
  /** The share that is sent, 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

export function uploadFile(file: File, { clientWith, onProgress, signal }: Uploading): Promise<Dataset> {
  return clientWith(fetchWithProgress(onProgress)).datasets.upload(file, { signal, timeoutMs: longCallMs });
}

function fetchWithProgress(onProgress: (share: number) => void): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(init.method ?? "GET", input instanceof Request ? input.url : input);
      request.responseType = "blob";
      for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", ({ loaded, total }) => total > 0 && onProgress(loaded / total));
      request.addEventListener("load", () => {
        const headers = new Headers(headerLines(request.getAllResponseHeaders()));
        resolve(new Response(request.response as Blob, { status: request.status, headers }));
      });
      request.addEventListener("error", () => reject(new TypeError("the connection was lost")));
      request.addEventListener("abort", () => reject(new DOMException("the request was aborted", "AbortError")));
      init.signal?.addEventListener("abort", () => request.abort(), { once: true });
      request.send(init.body as XMLHttpRequestBodyInit);
    });
}

function headerLines(text: string): [string, string][] {
  const lines = text.trim().split("\r\n");
  return lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
}
