/** What is shown of a load test, on the terminal and on the page. */

export interface LoadBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export interface LoadContent {
  /** Such as "detection". */
  readonly test: string;
  readonly url: string;
  /** How the load was made, in words. */
  readonly how: string;
  /** Names and values, the most important first. */
  readonly figures: readonly (readonly [name: string, value: string])[];
  readonly bars: readonly LoadBar[];
  /** What is counted: "request" or "training". */
  readonly unit: string;
  /** Of what the bars show the times. */
  readonly timed: string;
  readonly outcomes: readonly {
    readonly what: string;
    readonly meaning: string;
    readonly count: number;
    readonly isSuccess: boolean;
  }[];
  /** A table of the kinds of request; empty where there is one kind. */
  readonly kinds: readonly (readonly string[])[];
  readonly expectations: readonly { readonly text: string; readonly value: string; readonly isMet: boolean }[];
  readonly notes: readonly string[];
  readonly command: string;
  readonly version: string;
  /** ISO text. */
  readonly createdAt: string;
}
