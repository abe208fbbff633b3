/** Draws one value beside the usual values of its column. */

import type { NumberProfile, Reason } from "@nomaly/detect";
import { type Html, html } from "./html.ts";
import { linearScale } from "./axes/scale.ts";

const strip = { width: 120, height: 16, margin: 6 } as const;

/** Values farther from the usual range than this many times its width are drawn at the ends. */
const reachMax = 2.5;

/** The line shows the range of training values, the band the usual ones, the dot this value. */
export function rangeStrip({ profile, value }: Reason): Html | undefined {
  if (profile.kind !== "number" || typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const { width, height, margin } = strip;
  const range = stripRange(profile, value);
  const scale = linearScale(range, [margin, width - margin]);
  const x = { at: (place: number) => scale.at(Math.min(range[1], Math.max(range[0], place))) };
  const [low, high] = [x.at(profile.low), x.at(profile.high)];
  const isOutside = value < profile.low || value > profile.high;
  return html`<svg class="strip" viewBox="0 0 ${width} ${height}" aria-hidden="true">
    <line class="axis" x1="${x.at(profile.min)}" x2="${x.at(profile.max)}" y1="${height / 2}" y2="${height / 2}" />
    <rect class="band" x="${low}" y="${height / 2 - 3}" width="${Math.max(2, high - low).toFixed(2)}" height="6" rx="3" />
    <line
      class="median"
      x1="${x.at(profile.median)}"
      x2="${x.at(profile.median)}"
      y1="${height / 2 - 4}"
      y2="${height / 2 + 4}"
    />
    <circle class="${isOutside ? "odd" : "usual"}" cx="${x.at(value)}" cy="${height / 2}" r="4" />
  </svg>`;
}

/** Limits the range, so that one extreme value does not shrink the band to a point. */
function stripRange({ min, low, high, max }: NumberProfile, value: number): [number, number] {
  const reach = reachMax * (high - low);
  const [from, to] = [Math.min(min, value), Math.max(max, value)];
  return reach > 0 ? [Math.max(from, low - reach), Math.min(to, high + reach)] : [from, to];
}
