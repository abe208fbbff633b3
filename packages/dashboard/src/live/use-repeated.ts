/** What a question answers, asked again and again while the view is open. */

import { useEffect, useState } from "preact/hooks";

export interface Repeated<Answer> {
  /** The last answer; undefined before the first. */
  readonly answer: Answer | undefined;
  /** Why the last time failed; undefined when it did not. */
  readonly problem: string | undefined;
  /** Asks now. */
  readonly again: () => void;
}

/** @param ask must stay the same function while the question is the same. */
export function useRepeated<Answer>(ask: (signal: AbortSignal) => Promise<Answer>, everyMs: number): Repeated<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      try {
        const next = await ask(signal);
        if (signal.aborted) return;
        setAnswer(next);
        setProblem(undefined);
      } catch (error) {
        if (signal.aborted) return;
        setProblem(error instanceof Error ? error.message : String(error));
      }
      timer = setTimeout(() => void turn(), everyMs);
    };
    void turn();
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [ask, everyMs, round]);
  return { answer, problem, again: () => setRound((count) => count + 1) };
}
