/** Checks of specs, abort and progress. */

import type { AnyDetector } from "../../detector/detector.ts";
import type { ParamSpec } from "../../detector/params.ts";
import { parseParams } from "../../detector/params.ts";
import { NomalyError } from "../../errors.ts";
import type { Check, Report } from "../check.ts";
import { cornersOf } from "../corners.ts";
import type { Subject } from "../subject.ts";
import { copyOf } from "../subject.ts";

/** Options of the library, which no detector may have as a parameter of its own. */
const reservedNames = new Set(["contamination", "threshold", "seed", "randomState", "nJobs", "threads", "verbose"]);

/** Rows of a table that costly methods need some time to fit. */
const longRowCount = 5000;
const longColumnCount = 20;
/** Twenty times as long as a sound detector blocks the event loop, so that a busy machine is not reported as a fault. */
const blockedMsMax = 1000;

export const controlChecks: readonly Check[] = [
  {
    name: "specs",
    claim:
      "Id, summary, traits and parameter specs are sound: names, sentences, defaults inside their ranges, unknown names refused.",
    run: ({ detector }, report) => {
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(detector.id)) report(`the id "${detector.id}" is no kebab-case`);
      reportBadSentence("the detector", detector.summary, report);
      const { traits } = detector;
      if (traits.unitsMatter && traits.scaleInvariant) report("unitsMatter and scaleInvariant cannot both hold");
      if (traits.scoresSeries && !traits.rowOrderMatters)
        report("scoresSeries is claimed, yet the order of rows does not matter");
      for (const [name, spec] of Object.entries(detector.params)) reportBadSpec(name, spec, report);
      reportWrongParsing(detector, report);
    },
  },
  {
    name: "fit-ends",
    claim: "Fitting 120 rows ends, whatever the parameters.",
    run: ({ endless }, report) => {
      for (const corner of endless) report(`${corner.label}: stopped after its time was over`);
    },
  },
  {
    name: "abort-before",
    claim: "A fit whose signal has fired already is refused as ABORTED.",
    run: async (subject, report) => {
      const controller = new AbortController();
      controller.abort(new Error("no longer wanted"));
      await reportUnlessAborted(subject, controller.signal, "a signal fired before", report);
    },
  },
  {
    name: "abort-during",
    claim: "A fit whose signal fires on the way ends as ABORTED, wherever it is looked at.",
    run: async (subject, report) => {
      const silent = signalThatFiresAtLook(Number.POSITIVE_INFINITY);
      await subject.fit(copyOf(subject.sample.train), { signal: silent.signal });
      const lookCount = silent.lookCount();
      for (const look of new Set([2, Math.ceil(lookCount / 2), lookCount])) {
        if (look < 1 || look > lookCount) continue;
        const firing = signalThatFiresAtLook(look);
        const what = `a signal that fires at look ${look} of ${lookCount}`;
        // How often a fit reads the signal may depend on the clock: a signal that was read too seldom to fire stops nothing.
        await reportUnlessAborted(subject, firing.signal, what, (fault) => {
          if (firing.hasFired()) report(fault);
        });
      }
    },
  },
  {
    name: "lets-events-in",
    claim: "A fit of 5000 rows keeps no event waiting for a second: timers fire on the way, and an abort comes through.",
    run: async (subject, report) => {
      const { train } = subject.tables.clustered(longRowCount, longColumnCount);
      const start = performance.now();
      let lastTurn = start;
      let longestMs = 0;
      const timer = setInterval(() => {
        longestMs = Math.max(longestMs, performance.now() - lastTurn);
        lastTurn = performance.now();
      }, 1);
      try {
        await subject.fit(train);
      } catch (error) {
        // The subject's own time limit aborted the fit, so the event loop did turn.
        if (!(error instanceof NomalyError && error.code === "ABORTED")) throw error;
      } finally {
        clearInterval(timer);
      }
      longestMs = Math.max(longestMs, performance.now() - lastTurn);
      if (longestMs >= blockedMsMax) report(`no event came in for ${Math.round(longestMs)} ms`);
    },
  },
  {
    name: "progress",
    claim: "Progress is never reported, or from 0 to 1, never falling, and ends at 1.",
    run: async (subject, report) => {
      await subject.eachCorner(report, async (corner, report) => {
        const reported: number[] = [];
        await subject.fit(copyOf(subject.sample.train), { corner, progress: (done) => reported.push(done) });
        if (reported.length === 0) return;
        const outside = reported.find((done) => !(done >= 0 && done <= 1));
        if (outside !== undefined) report(`reports ${outside}`);
        const fall = reported.findIndex((done, i) => i > 0 && done < reported[i - 1]);
        if (fall >= 0) report(`falls from ${reported[fall - 1]} to ${reported[fall]}`);
        if (reported[reported.length - 1] !== 1) report(`ends at ${reported[reported.length - 1]}`);
      });
    },
  },
];

function reportBadSentence(what: string, text: string, report: Report): void {
  if (!/^\S.*[^\s.]\.$/.test(text) && !text.startsWith('"'))
    report(`${what}: the summary is no sentence with a full stop: "${text}"`);
}

function reportBadSpec(name: string, spec: ParamSpec, report: Report): void {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) report(`the parameter "${name}" is no camelCase`);
  if (reservedNames.has(name)) report(`the parameter "${name}" is set outside detectors`);
  if (spec.summary.trim().length < 10) report(`the parameter "${name}" has no summary to speak of`);
  if ("min" in spec && !(spec.min <= spec.max)) report(`the parameter "${name}" has no value from ${spec.min} to ${spec.max}`);
}

function reportWrongParsing(detector: AnyDetector, report: Report): void {
  const { id, params: specs } = detector;
  const defaults = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default]));
  for (const given of [{}, defaults, ...cornersOf(specs).map((corner) => corner.params)]) {
    try {
      parseParams(id, specs, given);
    } catch (error) {
      report(`its own values are refused: ${String(error)}`);
    }
  }
  try {
    parseParams(id, specs, { noSuchParameter: 1 });
    report("an unknown parameter is accepted");
  } catch (error) {
    if (!(error instanceof NomalyError && error.code === "PARAM")) report(`an unknown parameter throws ${String(error)}`);
  }
}

async function reportUnlessAborted(subject: Subject, signal: AbortSignal, what: string, report: Report): Promise<void> {
  try {
    await subject.fit(copyOf(subject.sample.train), { signal });
    report(`${what} did not stop the fit`);
  } catch (error) {
    if (!(error instanceof NomalyError && error.code === "ABORTED")) report(`${what} threw ${String(error)}`);
  }
}

/** A signal that fires when it is read for the `look`-th time: unlike a clock, that is deterministic. */
function signalThatFiresAtLook(look: number): { signal: AbortSignal; lookCount: () => number; hasFired: () => boolean } {
  const controller = new AbortController();
  let lookCount = 0;
  const signal = new Proxy(controller.signal, {
    get(target, property) {
      if (property === "aborted") {
        lookCount++;
        if (lookCount >= look && !target.aborted) controller.abort(new Error("stopped on the way"));
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { signal, lookCount: () => lookCount, hasFired: () => controller.signal.aborted };
}
