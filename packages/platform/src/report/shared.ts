/**
 * What the dashboard shows as the report does: words, charts and their style. Part of the workspace only: the export `nomaly/report` has no
 * built file. Nothing here, and nothing that it imports, knows Node.
 */

export { distributionChart } from "./charts/charts.ts";
export { chartStyle } from "./charts/chart-style.ts";
export type { MemberFinding, ScatterPoint, ShownColumn } from "./content.ts";
export { decodeColumn, decodeReason, decodeValue, type EncodedColumn } from "./encode-column.ts";
export type { EncodedReason } from "./encode-reason.ts";
export type { Histogram } from "./charts/histogram.ts";
export { histogramOf } from "./charts/histogram.ts";
export type { Html } from "./html.ts";
export { reasonList } from "./reason-list.ts";
export { beyondCount, scatterChart } from "./charts/scatter-chart.ts";
export { countText, numberText, percentText, rankTexts, scoreTexts, usualText } from "./wording.ts";
export { agreementNote, foundByText, scoreNote } from "./words/agreement.ts";
