/** Checks that a server goes on answering other clients: asks for health and a small prediction again and again. */

import { setTimeout as sleep } from "node:timers/promises";
import { trySend } from "../requests.ts";

export interface SilenceWatch {
  /** The longest wait for /health/live since the last call, in milliseconds, and the outcomes of the predictions. */
  take(): Heard;
  stop(): Promise<void>;
}

export interface Heard {
  readonly longestSilenceMs: number;
  readonly predictions: number;
  readonly longestPredictionMs: number;
  /** Predictions with a status other than 200 and 503. */
  readonly wrong: readonly string[];
  /** Predictions that were refused with 503. */
  readonly refused: number;
}

const pauseMs = 50;
const timeoutMs = 60_000;

export function watchSilence(url: string, prediction: object): SilenceWatch {
  let isOver = false;
  let heard = nothing();
  const ask = async () => {
    while (!isOver) {
      const startedAt = performance.now();
      const live = await trySend(url, "GET /health/live", { timeoutMs });
      const silenceMs = performance.now() - startedAt;
      heard.longestSilenceMs = Math.max(heard.longestSilenceMs, silenceMs);
      if (live?.status !== 200 && !isOver) heard.wrong.push(`GET /health/live: ${live?.status ?? "no answer"}`);
      await sleep(pauseMs);
    }
  };
  const predict = async () => {
    for (let turn = 0; !isOver; turn++) {
      const startedAt = performance.now();
      const answer = await trySend(url, "POST /api/detection/predict", {
        json: { ...prediction, data: [{ x: turn / 7, y: 1 }] },
        timeoutMs,
      });
      heard.longestPredictionMs = Math.max(heard.longestPredictionMs, performance.now() - startedAt);
      if (answer?.status === 200) heard.predictions++;
      else if (answer?.status === 503) heard.refused++;
      else if (!isOver) heard.wrong.push(`POST /api/detection/predict: ${answer?.text.slice(0, 200) ?? "no answer"}`);
      await sleep(pauseMs);
    }
  };
  const asking = Promise.all([ask(), predict()]);
  return {
    take() {
      const taken = heard;
      heard = nothing();
      return taken;
    },
    async stop() {
      isOver = true;
      await asking;
    },
  };
}

function nothing() {
  return { longestSilenceMs: 0, predictions: 0, longestPredictionMs: 0, wrong: [] as string[], refused: 0 };
}
