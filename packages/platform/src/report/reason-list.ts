/** Lists why a row is anomalous, each value beside the usual ones of its column. */

import type { Reason } from "@nomaly/detect";
import { emptyCountText, emptyNamesText, isEmptyCells } from "./words/empty-cells.ts";
import { type Html, html } from "./html.ts";
import { rangeStrip } from "./charts/range-strip.ts";
import {
  isBeyondUsual,
  isUsual,
  noSingleReason,
  presenceTells,
  presenceText,
  rarityText,
  type ShownReason,
  shownReasons,
  usualAlone,
} from "./words/reasons.ts";
import { usualText, valueText } from "./wording.ts";

const reasonCount = 4;
const emptyNameCount = 20;

export function reasonList(reasons: readonly Reason[]): Html {
  const shown = shownReasons(reasons, reasonCount);
  if (shown.length === 0 && reasons.length > 0) return html`<span class="quiet small">${noSingleReason}</span>`;
  return html`<ul class="reasons">
    ${shown.map(reasonItem)}
  </ul>`;
}

function reasonItem(reason: ShownReason): Html {
  if (isEmptyCells(reason)) {
    return html`<li>
      <span><b>${emptyCountText(reason)}</b></span
      ><span></span><span class="quiet small usual-text">${emptyNamesText(reason, emptyNameCount)}</span>
    </li>`;
  }
  // Where it tells that there is a value, the dot of a usual one would say that nothing is unusual.
  const strip = presenceTells(reason) && !isBeyondUsual(reason) ? undefined : rangeStrip(reason);
  return html`<li>
    <span>${reason.column} <b>${valueText(reason.value, reason.kind)}</b>${rarityText(reason)}</span
    >${strip ?? html`<span></span>`}<span class="quiet small usual-text">${besideText(reason)}</span>
  </li>`;
}

/** What is usual in the column, and whether this value is. */
function besideText(reason: Reason): string {
  if (presenceTells(reason)) return presenceText(reason);
  const usual = usualText(reason.profile, reason.kind, reason.missingShare);
  return isUsual(reason) ? `${usualAlone}: ${usual}` : `usual ${usual}`;
}
