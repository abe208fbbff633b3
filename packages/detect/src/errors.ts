/** The closed list of error codes, and the one error class for every failure that input or environment can cause. */

/** Every code a caller may meet. `docs/errors.md` is generated from this list. */
export const errorCodes = {
  PARAM: "a parameter is unknown, of the wrong type, or out of its range",
  SHAPE: "a table has the wrong number of rows, columns or values",
  NOT_FINITE: "a value is NaN or infinite where a finite number is needed",
  TOO_FEW_ROWS: "fewer rows than the method needs",
  COLUMN: "a column is missing, of the wrong type, or not usable",
  LABEL: "labels are missing, not 0 and 1, or all alike",
  UNKNOWN_DETECTOR: "no detector has this id",
  MODEL_FILE: "the bytes are not a model file this version can read",
  UNSUPPORTED: "this detector or engine cannot do what was asked",
  ABORTED: "the caller stopped the work",
  WORKER: "a worker thread failed",
  FILE_NOT_FOUND: "there is no such file",
  FILE_READ: "a file cannot be read or its content is damaged",
  FILE_FORMAT: "the content of a file does not have the expected form",
  FILE_WRITE: "a file cannot be written",
  USAGE: "the command line is wrong",
  CONFIG: "a setting is unknown or has a value that cannot be used",
  REQUEST: "a request is malformed",
  NOT_FOUND: "there is nothing under this id or path",
  CONFLICT: "the resource is in another state than the request needs, or exists already",
  TOO_LARGE: "a request, file or table is over its limit",
  QUOTA: "storing this would exceed the quota",
  UNAUTHENTICATED: "the request carries no valid key or token",
  FORBIDDEN: "the key or token does not allow this",
  RATE_LIMITED: "the key made more requests in a second than it may",
  OVERLOADED: "the service's queues are full; try again later",
  TIMEOUT: "the time limit passed",
  DATABASE: "the database cannot be reached, or refused a statement",
  POOL_TIMEOUT: "no connection of a pool became free in time",
  OUTGOING: "a call to another server failed or is not allowed",
  STORAGE: "stored bytes are missing, damaged or cannot be written",
} as const;

/** The code of an error: a key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** Where an error happened and what was expected: the parts of the message as data. */
export interface ErrorDetails {
  /** The parameter, column, file or argument at fault. */
  readonly field?: string | undefined;
  /** What was allowed, in words or as a number. */
  readonly expected?: string | undefined;
  /** What came instead. */
  readonly received?: string | undefined;
  /** Row at fault, from 0: a file reader turns it into a line. */
  readonly rowIndex?: number | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A piece of a message: words, or something that other places call by another name. */
export type MessagePart =
  | string
  /** The row at fault, which `rowIndex` counts. */
  | {
      /** Marks the row. */
      readonly kind: "row";
    }
  /** An option, with the values that would help; a switch has none. */
  | {
      /** Marks an option. */
      readonly kind: "option";
      /** Its name in the library. */
      readonly name: string;
      /** The values that would help. */
      readonly values: readonly string[];
    };

/** The part of a message that names the row. */
export const rowAtFault: MessagePart = { kind: "row" };

/** How a place calls what messages name. */
export interface Naming {
  /** The name of a row, counted from 0. */
  row(rowIndex: number): string;
  /** The name of an option, with the values that would help. */
  option(name: string, values: readonly string[]): string;
}

const libraryNaming: Naming = {
  row: (rowIndex) => `row ${rowIndex}`,
  option: (name, values) => (values.length === 0 ? name : `${name} ${values.map((value) => `"${value}"`).join(" or ")}`),
};

/** What changes when an error is told elsewhere; what is left out stays as it is. */
export interface Retelling {
  /** Another code. */
  readonly code?: ErrorCode;
  /** Instead of the message. */
  readonly message?: string;
  /** Goes before the message. */
  readonly prefix?: string;
  /** Another name of what is at fault. */
  readonly field?: string | undefined;
  /** The row's place there. */
  readonly rowIndex?: number | undefined;
  /** How that place calls what the message names. */
  readonly naming?: Naming;
}

/**
 * A coded error. Match on `code`, never on the text.
 * The message is one sentence: who, what was expected, what came. It is given in parts where it names the row or an option.
 */
export class NomalyError extends Error {
  /** Always "NomalyError". */
  override readonly name = "NomalyError";
  /** One of a closed list: see {@link errorCodes}. */
  readonly code: ErrorCode;
  /** The parameter, column, file or argument at fault. */
  readonly field: string | undefined;
  /** What was allowed, in words or as a number. */
  readonly expected: string | undefined;
  /** What came instead. */
  readonly received: string | undefined;
  /** Row at fault, from 0. */
  readonly rowIndex: number | undefined;
  /** The message in parts, which another place tells with its own names. */
  readonly parts: readonly MessagePart[];
  readonly #naming: Naming;

  constructor(code: ErrorCode, message: string | readonly MessagePart[], details: ErrorDetails = {}, naming = libraryNaming) {
    const parts = typeof message === "string" ? [message] : message;
    super(messageOf(parts, details, naming), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.expected = details.expected;
    this.received = details.received;
    this.rowIndex = details.rowIndex;
    this.parts = parts;
    this.#naming = naming;
  }

  /** The parts for a place that this error's naming cannot follow to, another thread: where it is not the library's, as they were told. */
  get travellingParts(): readonly MessagePart[] {
    return this.#naming === libraryNaming ? this.parts : [this.message];
  }

  /** The same error in the words of another place: details, naming, cause and stack are kept. */
  retold({
    code,
    message,
    prefix = "",
    naming = this.#naming,
    field = this.field,
    rowIndex = this.rowIndex,
  }: Retelling): NomalyError {
    const { expected, received, cause } = this;
    const parts = [prefix, ...(message === undefined ? this.parts : [message])];
    const retold = new NomalyError(code ?? this.code, parts, { field, expected, received, rowIndex, cause }, naming);
    // Where it was thrown, and how it was told there.
    if (this.stack !== undefined) retold.stack = this.stack;
    return retold;
  }
}

function messageOf(parts: readonly MessagePart[], { rowIndex = Number.NaN }: ErrorDetails, naming: Naming): string {
  let message = "";
  for (const part of parts) {
    if (typeof part === "string") message += part;
    else message += part.kind === "row" ? naming.row(rowIndex) : naming.option(part.name, part.values);
  }
  return message;
}

/** Throws ABORTED when the signal has fired. Call it between bounded pieces of work. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new NomalyError("ABORTED", "the work was stopped by its caller", { cause: signal.reason });
}

/** Throws when a claim does not hold that only a bug can break. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new Error(`internal: ${claim}`);
}
