/** How scores are spread, and the threshold: moved by dragging, by keys or as a number, it changes labels and counts in the page at once. */

import { distributionChart, numberText, percentText } from "nomaly/report";
import { useMemo } from "preact/hooks";
import { countText } from "../../format.ts";
import { Drawing } from "./drawing.tsx";
import type { ResultShown } from "./load-result.ts";
import { countAbove, type ScoreWeights, weightedHistogram } from "./score-weights.ts";
import type { ThresholdStore } from "./use-threshold-store.ts";

const binCount = 48;
/** Steps of the slider over all scores. */
const stepCount = 1000;
/** The chart's drawing is so wide, with so much room at both sides. */
const [chartWidth, chartSide] = [960, 12];

interface ScoreCardProps {
  readonly shown: ResultShown;
  readonly weights: ScoreWeights;
  readonly threshold: number;
  readonly onThreshold: (threshold: number) => void;
  readonly store: ThresholdStore;
}

export function ScoreCard({ shown, weights, threshold, onThreshold, store }: ScoreCardProps) {
  const histogram = useMemo(() => weightedHistogram(weights, binCount, threshold), [weights, threshold]);
  const above = aboveOf(shown, weights, threshold);
  const [first, last] = [histogram.edges[0], histogram.edges[binCount]];
  const isWhole = weights.exactFrom === Number.NEGATIVE_INFINITY;
  const move = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const across = (((event.clientX - box.left) / box.width) * chartWidth - chartSide) / (chartWidth - 2 * chartSide);
    onThreshold(first + Math.min(1, Math.max(0, across)) * (last - first));
  };
  return (
    <section class="card" aria-labelledby="scores">
      <h2 id="scores">Scores</h2>
      <p class="meaning">
        Higher is more anomalous. Heights are square roots, so that few extreme rows can be seen beside many usual ones.
        {isWhole ? "" : " Estimated from the rows of the highest scores and a sample of the others."}
      </p>
      <div
        class={isWhole ? "distribution-box" : "distribution-box is-estimate"}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          move(event);
        }}
        onPointerMove={(event) => event.buttons === 1 && move(event)}
      >
        <Drawing
          name="drawn"
          html={distributionChart({ histogram, threshold, anomalyCount: above.count, rowCount: shown.rowCount })}
        />
      </div>
      <ThresholdFields first={first} last={last} threshold={threshold} onThreshold={onThreshold} />
      <p class="above" aria-live="polite">
        <b>
          {above.isExact ? "" : "about "}
          {countText(above.count)}
        </b>{" "}
        of {countText(shown.rowCount)} rows ({percentText(above.count / shown.rowCount)}) {above.count === 1 ? "has" : "have"} a
        score above the threshold
      </p>
      <StoreThreshold shown={shown} threshold={threshold} onThreshold={onThreshold} store={store} />
    </section>
  );
}

/** The service counted all rows above the threshold of the result. */
export function aboveOf({ threshold: scoredWith, anomalyCount }: ResultShown, weights: ScoreWeights, threshold: number) {
  return threshold === scoredWith ? { count: anomalyCount, isExact: true } : countAbove(weights, threshold);
}

interface ThresholdFieldsProps {
  readonly first: number;
  readonly last: number;
  readonly threshold: number;
  readonly onThreshold: (threshold: number) => void;
}

function ThresholdFields({ first, last, threshold, onThreshold }: ThresholdFieldsProps) {
  const span = last - first;
  const place = span > 0 ? Math.round(((threshold - first) / span) * stepCount) : 0;
  return (
    <div class="threshold-fields">
      <input
        type="range"
        aria-label="Threshold"
        aria-valuetext={numberText(threshold)}
        min={0}
        max={stepCount}
        value={Math.min(stepCount, Math.max(0, place))}
        onInput={(event) => onThreshold(first + (Number(event.currentTarget.value) / stepCount) * span)}
      />
      <label class="inline">
        Threshold as a number
        <input
          type="number"
          step="any"
          value={Number(threshold.toPrecision(6))}
          onChange={(event) => {
            const typed = event.currentTarget.valueAsNumber;
            if (Number.isFinite(typed)) onThreshold(typed);
          }}
        />
      </label>
    </div>
  );
}

function StoreThreshold({ shown, threshold, onThreshold, store }: Omit<ScoreCardProps, "weights">) {
  const { state } = store;
  if (shown.detector === undefined)
    return <p class="meaning">The detector of this result is gone, so its threshold cannot be stored.</p>;
  const isMoved = threshold !== shown.threshold;
  return (
    <div class="tools">
      <button type="button" disabled={!isMoved || state.kind === "storing"} onClick={() => store.store(threshold)}>
        Store as the detector's threshold
      </button>
      <button type="button" class="plain" disabled={!isMoved} onClick={() => onThreshold(shown.threshold)}>
        Back to {numberText(shown.threshold)}
      </button>
      <p class="meaning" role="status">
        {state.kind === "storing" ? "Storing…" : null}
        {state.kind === "stored"
          ? `Stored: version ${state.version} of the detector labels with ${numberText(state.threshold)} from now on. The rows of this result keep their labels.`
          : null}
      </p>
    </div>
  );
}
