/** A form made from the specs of an algorithm's parameters: the first ones open, the others folded. */

import type { Algorithm, AlgorithmParameter } from "nomaly/client";
import type { Fields } from "./parameter-values.ts";

interface ParameterFieldsProps {
  readonly algorithm: Algorithm;
  readonly fields: Fields;
  readonly onFields: (fields: Fields) => void;
}

/** Specs begin with the parameters that matter most. */
const openCount = 2;

export function ParameterFields({ algorithm, fields, onFields }: ParameterFieldsProps) {
  const { id, parameters } = algorithm;
  const field = (parameter: AlgorithmParameter) => (
    <Field
      key={`${id} ${parameter.name}`}
      parameter={parameter}
      text={fields[parameter.name] ?? ""}
      onText={(text) => onFields({ ...fields, [parameter.name]: text })}
    />
  );
  if (parameters.length === 0) return <p class="meaning">This algorithm has no parameters.</p>;
  const folded = parameters.slice(openCount);
  return (
    <>
      <div class="fields">{parameters.slice(0, openCount).map(field)}</div>
      {folded.length === 0 ? null : (
        <details>
          <summary>More parameters ({folded.length})</summary>
          <div class="fields">{folded.map(field)}</div>
        </details>
      )}
    </>
  );
}

interface FieldProps {
  readonly parameter: AlgorithmParameter;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Field({ parameter, text, onText }: FieldProps) {
  const { name, range, description } = parameter;
  return (
    <label>
      {name}
      <Input parameter={parameter} text={text} onText={onText} />
      <span class="meaning">
        {description} ({range})
      </span>
    </label>
  );
}

function Input({ parameter, text, onText }: FieldProps) {
  const { name, kind, default: usual, min, max, choices = [] } = parameter;
  if (kind === "boolean" || kind === "choice") {
    const words = kind === "boolean" ? ["true", "false"] : choices;
    return (
      <select value={text === "" ? String(usual) : text} onChange={(event) => onText(event.currentTarget.value)}>
        {words.map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </select>
    );
  }
  const shared = { value: text, placeholder: String(usual) };
  if (kind === "number-or-word") {
    const list = `words-${name}`;
    return (
      <>
        <input type="text" autocomplete="off" list={list} {...shared} onInput={(event) => onText(event.currentTarget.value)} />
        <datalist id={list}>
          {choices.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      </>
    );
  }
  const step = kind === "integer" ? 1 : "any";
  return (
    <input type="number" step={step} min={min} max={max} {...shared} onInput={(event) => onText(event.currentTarget.value)} />
  );
}
