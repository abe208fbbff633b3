/** The same as code: for a shell, for the command and for a program. */

import { useState } from "preact/hooks";
import { clientLines, commandLine, curlLines, type Done } from "./code-lines.ts";

const ways = [
  {
    name: "curl",
    meaning: "scores the same rows again; put a key in NOMALY_KEY where the service asks for one",
    lines: curlLines,
  },
  { name: "nomaly", meaning: "finds the anomalies of the file on your own machine", lines: commandLine },
  { name: "TypeScript", meaning: "the whole way, with nomaly/client", lines: clientLines },
] as const;

export function CodeCard({ done }: { readonly done: Done }) {
  return (
    <section class="card" aria-labelledby="code">
      <h2 id="code">The same as code</h2>
      {ways.map(({ name, meaning, lines }) => (
        <Code key={name} name={name} meaning={meaning} text={lines(done)} />
      ))}
    </section>
  );
}

interface CodeProps {
  readonly name: string;
  readonly meaning: string;
  readonly text: string;
}

function Code({ name, meaning, text }: CodeProps) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      // Pages loaded over plain HTTP from another machine have no clipboard.
      setSaid("The browser does not allow it: select the lines and copy them");
    }
  };
  return (
    <div class="code">
      <p>
        <b>{name}</b> <span class="meaning">{meaning}</span>
      </p>
      <pre tabIndex={0} role="region" aria-label={`${name}, code`}>
        <code>{text}</code>
      </pre>
      <p class="tools">
        <button type="button" class="plain" onClick={() => void copy()} aria-label={`Copy ${name}`}>
          Copy
        </button>
        <span class="meaning" role="status">
          {said}
        </span>
      </p>
    </div>
  );
}
