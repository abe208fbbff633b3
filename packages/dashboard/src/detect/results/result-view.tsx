/** What was found in a data set. */

import type { Client, Dataset } from "nomaly/client";
import { percentText } from "nomaly/report";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { countText, dateText } from "../../format.ts";
import { Problem } from "../../frame/problem.tsx";
import { useLoaded } from "../../live/use-loaded.ts";
import { CodeCard } from "./code-card.tsx";
import { DownloadCard } from "./download-card.tsx";
import { loadResult, type ResultShown } from "./load-result.ts";
import { PlotCards } from "./plot-cards.tsx";
import { aboveOf, ScoreCard } from "./score-card.tsx";
import { scoreWeights } from "./score-weights.ts";
import { TopTable } from "./top-table.tsx";
import { UsualCard } from "./usual-card.tsx";
import { useThresholdStore } from "./use-threshold-store.ts";

interface ResultViewProps {
  readonly client: Client;
  readonly dataset: Dataset;
  readonly resultId: string;
}

export function ResultView({ client, dataset, resultId }: ResultViewProps) {
  const [loaded, again] = useLoaded((signal) => loadResult(client, dataset, resultId, signal), [client, dataset.id, resultId]);
  if (loaded.state === "loading") {
    return (
      <p class="card empty" role="status">
        Reading the result…
      </p>
    );
  }
  if (loaded.state === "failed") {
    return (
      <div class="card">
        <Problem error={loaded.error} what="The result was not read" onAgain={again} />
      </div>
    );
  }
  return <Shown client={client} dataset={dataset} shown={loaded.value} />;
}

interface ShownProps extends Omit<ResultViewProps, "resultId"> {
  readonly shown: ResultShown;
}

function Shown({ client, dataset, shown }: ShownProps) {
  const [threshold, setThreshold] = useState(shown.threshold);
  const store = useThresholdStore(client, shown.detector);
  const weights = useMemo(() => {
    const { top, rest } = shown.rows;
    return scoreWeights(
      top.map(({ score }) => score),
      rest.map(({ score }) => score),
      shown.rowCount,
    );
  }, [shown]);
  return (
    <>
      <Found shown={shown} above={aboveOf(shown, weights, threshold)} />
      <ScoreCard shown={shown} weights={weights} threshold={threshold} onThreshold={setThreshold} store={store} />
      {store.state.kind === "failed" ? (
        <div class="card">
          <Problem error={store.state.error} what="The threshold was not stored" />
        </div>
      ) : null}
      <TopTable shown={shown} threshold={threshold} />
      <PlotCards dataset={dataset} shown={shown} threshold={threshold} />
      {shown.columns.length === 0 ? null : <UsualCard columns={shown.columns} />}
      <DownloadCard client={client} result={shown.result} name={dataset.name} />
      {shown.detector === undefined ? null : (
        <CodeCard
          done={{
            url: location.origin,
            fileName: dataset.name,
            detectorId: shown.detector.id,
            datasetId: dataset.id,
            algorithmName: shown.detector.algorithm_name,
            hyperparameters: shown.detector.hyperparameters,
            contamination: shown.detector.contamination,
          }}
        />
      )}
    </>
  );
}

interface FoundProps {
  readonly shown: ResultShown;
  readonly above: { readonly count: number; readonly isExact: boolean };
}

/** The result in a line, and what to know of it. */
function Found({ shown, above: { count, isExact } }: FoundProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { result, rowCount, detector, skipped } = shown;
  const live = detector?.model_version;
  return (
    <section class="found" aria-labelledby="found">
      <h2 id="found" ref={heading} tabIndex={-1}>
        <em>
          {isExact ? "" : "about "}
          {countText(count)} {count === 1 ? "anomaly" : "anomalies"}
        </em>{" "}
        in {countText(rowCount)} rows
      </h2>
      <p class="meaning">
        {percentText(count / rowCount)} of the rows, by {detector?.algorithm_name ?? "a detector that is gone"}, scored{" "}
        {dateText(result.created_at)}. An anomaly is rare, which does not make it wrong.
      </p>
      {typeof live === "number" && live !== result.model_version ? (
        <p class="note">
          These scores are old: version {result.model_version} of the detector made them, and version {live} scores now.
        </p>
      ) : null}
      {skipped.length === 0 ? null : (
        <ul class="notes">
          {skipped.map(({ name, reason }) => (
            <li key={name}>
              Left out: <b>{name}</b> ({reason})
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
