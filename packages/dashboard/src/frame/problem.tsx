/** Shows why something failed: the sentence of the service, the field at fault and the code. */

import { ServiceError } from "nomaly/client";

interface ProblemProps {
  readonly error: unknown;
  /** What failed, such as "The file was not stored". */
  readonly what: string;
  readonly onAgain?: (() => void) | undefined;
}

export function Problem({ error, what, onAgain }: ProblemProps) {
  const { text, field, code } = faultOf(error);
  return (
    <div class="fault" role="alert">
      <p>
        <b>{what}.</b> {text}
      </p>
      <p class="meaning">
        {field === undefined ? null : (
          <>
            field <code>{field}</code>,{" "}
          </>
        )}
        code <code>{code}</code>
      </p>
      {onAgain === undefined ? null : (
        <button type="button" class="plain" onClick={onAgain}>
          Try again
        </button>
      )}
    </div>
  );
}

interface Fault {
  readonly text: string;
  readonly code: string;
  readonly field: string | undefined;
}

export function faultOf(error: unknown): Fault {
  if (!(error instanceof ServiceError)) {
    return { text: error instanceof Error ? error.message : String(error), code: "INTERNAL", field: undefined };
  }
  const { code, detail, field } = error;
  return { text: code === "UNREACHABLE" ? "The service does not answer." : sentence(detail), code, field };
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
