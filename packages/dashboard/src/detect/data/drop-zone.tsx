/** Takes a file, by dropping it or by a button, and stores it as a data set. */

import type { Client, Dataset } from "nomaly/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { bytesText } from "../../format.ts";
import { Problem } from "../../frame/problem.tsx";
import { uploadFile } from "./upload.ts";

interface DropZoneProps {
  readonly clientWith: (send: typeof fetch) => Client;
  readonly onStored: (dataset: Dataset) => void;
}

type Upload =
  | { readonly state: "none" }
  | { readonly state: "sending"; readonly file: File; readonly share: number; readonly cancel: () => void }
  | { readonly state: "failed"; readonly file: File; readonly error: unknown };

export function DropZone({ clientWith, onStored }: DropZoneProps) {
  const [upload, setUpload] = useState<Upload>({ state: "none" });
  const [isOver, setIsOver] = useState(false);
  const sending = useRef<AbortController>(undefined);
  useEffect(() => () => sending.current?.abort(), []);
  const send = (file: File) => {
    const ending = new AbortController();
    sending.current = ending;
    const cancel = () => ending.abort();
    const show = (share: number) => !ending.signal.aborted && setUpload({ state: "sending", file, share, cancel });
    show(0);
    uploadFile(file, { clientWith, onProgress: show, signal: ending.signal }).then(onStored, (error: unknown) =>
      setUpload(ending.signal.aborted ? { state: "none" } : { state: "failed", file, error }),
    );
  };
  if (upload.state === "sending") return <Sending {...upload} />;
  return (
    <>
      <div
        class={isOver ? "drop is-over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          const file = event.dataTransfer?.files[0];
          if (file !== undefined) send(file);
        }}
      >
        <p class="drop-title">Drop a file here</p>
        <p class="meaning">
          CSV, TSV, Parquet, JSON, NDJSON or Arrow, also packed with gzip. The first line of a CSV names the columns.
        </p>
        <FileButton onFile={send} />
      </div>
      {upload.state === "failed" ? (
        <Problem error={upload.error} what={`${upload.file.name} was not stored`} onAgain={() => send(upload.file)} />
      ) : null}
    </>
  );
}

function FileButton({ onFile }: { readonly onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        Choose a file
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File with rows"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) onFile(file);
          currentTarget.value = "";
        }}
      />
    </>
  );
}

function Sending({ file, share, cancel }: Extract<Upload, { readonly state: "sending" }>) {
  const isSent = share >= 1;
  return (
    <div class="work" role="group" aria-label="Upload">
      <p role="status">{isSent ? `Reading ${file.name}…` : `Sending ${file.name} (${bytesText(file.size)})…`}</p>
      <progress aria-label={`Upload of ${file.name}`} {...(isSent ? {} : { value: share, max: 1 })} />
      <button type="button" class="plain" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}
