/** Chooses the ticks of an axis: round numbers; for dates whole seconds, hours, days, Mondays, months or years. */

import type { PipelineColumn } from "@nomaly/detect";
import { roundTicks } from "./scale.ts";
import { numberText } from "../wording.ts";

export interface Tick {
  readonly value: number;
  readonly text: string;
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** 1970-01-05, a Monday, from which weeks are counted. */
const firstMonday = 4 * dayMs;

const evenSteps = [
  1,
  10,
  100,
  ...[1, 5, 15, 30].map((count) => count * secondMs),
  ...[1, 5, 15, 30].map((count) => count * minuteMs),
  ...[1, 3, 6, 12].map((count) => count * hourMs),
  ...[1, 2, 7, 14].map((count) => count * dayMs),
];
const monthSteps = [1, 2, 3, 6, ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000].map((years) => 12 * years)];
const monthMs = 30.44 * dayMs;

/** About `count` ticks from min to max, at most one more. */
export function axisTicks({ kind, profile }: PipelineColumn, [min, max]: readonly [number, number], count: number): Tick[] {
  if (kind !== "date") return roundTicks(min, max, count).map((value) => ({ value, text: numberText(value) }));
  const isWholeDays = profile.kind === "number" && profile.min % dayMs === 0 && profile.max % dayMs === 0;
  return dateTicks([min, max], count, isWholeDays ? dayMs : 1);
}

export function dateTicks([min, max]: readonly [number, number], count: number, stepMin = 1): Tick[] {
  const step = evenSteps.find((size) => size >= stepMin && (max - min) / size <= count);
  if (step === undefined) return monthTicks(min, max, count);
  const origin = step % (7 * dayMs) === 0 ? firstMonday : 0;
  const ticks: Tick[] = [];
  for (let index = Math.ceil((min - origin) / step); origin + index * step <= max && ticks.length <= count; index++) {
    const value = origin + index * step;
    ticks.push({ value, text: momentText(value, step) });
  }
  return ticks;
}

function monthTicks(min: number, max: number, count: number): Tick[] {
  const step = monthSteps.find((months) => (max - min) / (months * monthMs) <= count) ?? monthSteps[monthSteps.length - 1];
  const start = new Date(min);
  const startMonth = start.getUTCFullYear() * 12 + start.getUTCMonth();
  const ticks: Tick[] = [];
  for (let index = Math.ceil(startMonth / step); ticks.length <= count; index++) {
    const value = monthStart(index * step);
    if (!(value <= max)) break;
    if (value >= min)
      ticks.push({ value, text: new Date(value).toISOString().replace(step % 12 === 0 ? /-.*$/ : /-\d\dT.*$/, "") });
  }
  return ticks;
}

/** @param month months since January of the year 0. Not Date.UTC, which adds 1900 to years below 100. */
function monthStart(month: number): number {
  const date = new Date(0);
  return date.setUTCFullYear(Math.floor(month / 12), ((month % 12) + 12) % 12, 1);
}

/** The parts of the date and time that change between ticks. */
function momentText(value: number, step: number): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "no date";
  const text = date.toISOString();
  if (step >= dayMs) return text.replace(/T.*$/, "");
  const [day, time] = text.replace("Z", "").split("T");
  if (step >= minuteMs) return `${day.slice(-5)} ${time.slice(0, 5)}`;
  return step >= secondMs ? time.slice(0, 8) : time;
}
