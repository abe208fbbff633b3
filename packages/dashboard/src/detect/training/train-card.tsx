/** Chooses a detector, and starts the search for anomalies. */

import type { Algorithm, Client, Dataset } from "nomaly/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../../frame/problem.tsx";
import { useLoaded } from "../../live/use-loaded.ts";
import { findAnomalies, type Step } from "./find-anomalies.ts";
import { ParameterFields } from "./parameter-fields.tsx";
import { type Fields, hyperparametersOf, numberOf } from "./parameter-values.ts";

interface TrainCardProps {
  readonly client: Client;
  readonly dataset: Dataset;
  /** Folded where a result is shown. */
  readonly isFolded: boolean;
  readonly onFound: (resultId: string) => void;
}

type Run =
  | { readonly state: "none" }
  | { readonly state: "running"; readonly step: Step; readonly cancel: () => void }
  | { readonly state: "failed"; readonly error: unknown };

const usualAlgorithm = "auto";

export function TrainCard(props: TrainCardProps) {
  return (
    <section class="card" aria-labelledby="detector">
      <h2 id="detector">Detector</h2>
      {props.isFolded ? (
        <details>
          <summary>Search again, with another detector</summary>
          <TrainForm {...props} />
        </details>
      ) : (
        <TrainForm {...props} />
      )}
    </section>
  );
}

function TrainForm({ client, dataset, onFound }: TrainCardProps) {
  const [algorithms, again] = useLoaded((signal) => client.algorithms.list({ signal }), [client]);
  const [name, setName] = useState(usualAlgorithm);
  const [fields, setFields] = useState<Fields>({});
  const [contamination, setContamination] = useState("");
  const [run, setRun] = useState<Run>({ state: "none" });
  const known = algorithms.state === "ready" ? algorithms.value : [];
  const algorithm = known.find(({ id }) => id === name);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const start = async () => {
    const ending = new AbortController();
    running.current = ending;
    const cancel = () => ending.abort();
    const show = (step: Step) => !ending.signal.aborted && setRun({ state: "running", step, cancel });
    const hyperparameters = hyperparametersOf(algorithm, fields);
    show({ text: "Starting", share: undefined });
    try {
      const choice = { algorithmName: name, hyperparameters, contamination: numberOf(contamination) };
      const resultId = await findAnomalies(client, dataset, choice, { show, signal: ending.signal });
      setRun({ state: "none" });
      onFound(resultId);
    } catch (error) {
      setRun(ending.signal.aborted ? { state: "none" } : { state: "failed", error });
    }
  };
  return (
    <>
      {algorithms.state === "failed" ? (
        <Problem error={algorithms.error} what="The algorithms were not read" onAgain={again} />
      ) : null}
      <form
        class="train"
        onSubmit={(event) => {
          event.preventDefault();
          if (run.state !== "running") void start();
        }}
      >
        <div class="fields">
          <AlgorithmField algorithms={known} name={name} onName={(next) => [setName(next), setFields({})]} />
          <label>
            Share of anomalies
            <input
              type="number"
              min="0.0001"
              max="0.5"
              step="any"
              placeholder="0.1"
              value={contamination}
              onInput={(event) => setContamination(event.currentTarget.value)}
            />
            <span class="meaning">of the rows, above 0, at most 0.5; it decides the threshold, which you can move later</span>
          </label>
        </div>
        {algorithm === undefined ? null : <ParameterFields algorithm={algorithm} fields={fields} onFields={setFields} />}
        {run.state === "running" ? <Running {...run} /> : <button type="submit">Find anomalies</button>}
      </form>
      {run.state === "failed" ? <Problem error={run.error} what="No anomalies were sought" /> : null}
    </>
  );
}

interface AlgorithmFieldProps {
  readonly algorithms: readonly Algorithm[];
  readonly name: string;
  readonly onName: (name: string) => void;
}

function AlgorithmField({ algorithms, name, onName }: AlgorithmFieldProps) {
  const ids = algorithms.map(({ id }) => id);
  const shown = ids.includes(name) ? ids : [name, ...ids];
  const meaning = algorithms.find(({ id }) => id === name)?.description;
  return (
    <label>
      Algorithm
      <select value={name} onChange={(event) => onName(event.currentTarget.value)}>
        {shown.map((id) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      <span class="meaning">{meaning ?? "…"}</span>
    </label>
  );
}

function Running({ step, cancel }: { readonly step: Step; readonly cancel: () => void }) {
  const { text, share } = step;
  return (
    <div class="work" role="group" aria-label="Progress">
      <p role="status">{share === undefined ? `${text}…` : `${text}: ${Math.round(share * 100)} %`}</p>
      <progress aria-label={text} {...(share === undefined ? {} : { value: share, max: 1 })} />
      <button type="button" class="plain" onClick={cancel}>
        Cancel
      </button>
      <span class="meaning">Leaving the view cancels it, too.</span>
    </div>
  );
}
