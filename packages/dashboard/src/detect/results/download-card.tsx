/** The scored rows as a file. */

import type { Client, Result } from "nomaly/client";
import { useState } from "preact/hooks";
import { Problem } from "../../frame/problem.tsx";
import { longCallMs } from "../data/upload.ts";

interface DownloadCardProps {
  readonly client: Client;
  readonly result: Result;
  /** Of the data set. */
  readonly name: string;
}

type Form = "csv" | "parquet";

export function DownloadCard({ client, result, name }: DownloadCardProps) {
  const [onlyAnomalies, setOnlyAnomalies] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const fetchFile = async (format: Form) => {
    setIsBusy(true);
    setError(undefined);
    try {
      // The key goes in a header, which a plain link does not send.
      const chosen = onlyAnomalies ? { onlyAnomalies, sort: "score" as const } : {};
      const file = await client.results.file(result.id, format, { ...chosen, timeoutMs: longCallMs });
      save(file, `${name.replace(/\.[^.]*$/, "")}-scored.${format}`);
    } catch (cause) {
      setError(cause);
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <section class="card" aria-labelledby="download">
      <h2 id="download">Scored rows</h2>
      <p class="meaning">
        All columns of the rows, with score, label and rank. The labels are those of the threshold of the scoring.
      </p>
      <p>
        <label class="inline">
          <input type="checkbox" checked={onlyAnomalies} onChange={(event) => setOnlyAnomalies(event.currentTarget.checked)} />
          Only the anomalies, the highest score first
        </label>
      </p>
      <p class="tools">
        <button type="button" class="plain" disabled={isBusy} onClick={() => void fetchFile("csv")}>
          Download CSV
        </button>
        <button type="button" class="plain" disabled={isBusy} onClick={() => void fetchFile("parquet")}>
          Download Parquet
        </button>
        <span class="meaning" role="status">
          {isBusy ? "Preparing the file…" : ""}
        </span>
      </p>
      {error === undefined ? null : <Problem error={error} what="The rows were not read" />}
    </section>
  );
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
