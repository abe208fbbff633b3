/** From a file to its anomalies: choose the rows, choose a detector, see what it found. */

import type { Client } from "nomaly/client";
import { Problem } from "../frame/problem.tsx";
import { detectHash, type Route } from "../frame/route.ts";
import { useLoaded } from "../live/use-loaded.ts";
import { DatasetCard } from "./data/dataset-card.tsx";
import { DropZone } from "./data/drop-zone.tsx";
import { EarlierResults } from "./data/earlier-results.tsx";
import { StoredDatasets } from "./data/stored-datasets.tsx";
import { ResultView } from "./results/result-view.tsx";
import { TrainCard } from "./training/train-card.tsx";

interface DetectViewProps {
  readonly client: Client;
  readonly clientWith: (send: typeof fetch) => Client;
  readonly route: Route;
}

export function DetectView({ client, clientWith, route: { datasetId, resultId } }: DetectViewProps) {
  if (datasetId !== undefined) return <OneDataset key={datasetId} client={client} datasetId={datasetId} resultId={resultId} />;
  return (
    <>
      <section class="card" aria-labelledby="new-data">
        <h2 id="new-data">Find anomalies in a file</h2>
        <DropZone clientWith={clientWith} onStored={({ id }) => location.assign(detectHash(id))} />
      </section>
      <StoredDatasets client={client} />
    </>
  );
}

interface OneDatasetProps {
  readonly client: Client;
  readonly datasetId: string;
  readonly resultId: string | undefined;
}

function OneDataset({ client, datasetId, resultId }: OneDatasetProps) {
  const [loaded, again] = useLoaded((signal) => client.datasets.get(datasetId, { signal }), [client, datasetId]);
  const back = (
    <p class="back">
      <a href={detectHash()}>Another file or data set</a>
    </p>
  );
  if (loaded.state !== "ready") {
    return (
      <>
        {back}
        <div class="card">
          {loaded.state === "loading" ? <p role="status">Reading the data set…</p> : null}
          {loaded.state === "failed" ? <Problem error={loaded.error} what="The data set was not read" onAgain={again} /> : null}
        </div>
      </>
    );
  }
  const dataset = loaded.value;
  return (
    <>
      {back}
      <DatasetCard key={`data ${resultId}`} client={client} dataset={dataset} isOpen={resultId === undefined} />
      <TrainCard
        key={resultId}
        client={client}
        dataset={dataset}
        isFolded={resultId !== undefined}
        onFound={(id) => location.assign(detectHash(datasetId, id))}
      />
      {resultId === undefined ? (
        <EarlierResults client={client} datasetId={datasetId} />
      ) : (
        <ResultView key={resultId} client={client} dataset={dataset} resultId={resultId} />
      )}
    </>
  );
}
