/** Converts the result of a run to one JSON document, with names in snake_case. */

import type { EnsembleMember, Reason } from "@nomaly/detect";
import type { EvaluationFigures, MemberFinding, ReportContent } from "../../report/content.ts";
import { encodeReason } from "../../report/encode-reason.ts";
import { dateText, usualBounds } from "../../report/wording.ts";

export function outcomeJson(content: ReportContent, written: Readonly<Record<string, string>>): Record<string, unknown> {
  return {
    file: content.file,
    algorithm: content.algorithm,
    ...(content.ensemble === undefined ? {} : ensembleJson(content.ensemble)),
    params: content.params,
    seed: content.seed,
    threshold: content.threshold,
    threshold_rule: content.thresholdRule,
    row_count: content.rowCount,
    fitted_row_count: content.fittedRowCount,
    anomaly_count: content.anomalyCount,
    ...(content.agreement === undefined ? {} : { anomalies_by_agreeing_members: content.agreement }),
    columns: content.columns.map(({ name, kind }) => ({ name, kind })),
    skipped_columns: content.skipped,
    missing_values: content.missing,
    telling_columns: content.telling,
    top: content.top.map((row) => ({
      row: row.row,
      ...(row.name === undefined ? {} : { name: row.name }),
      anomaly_score: row.score,
      is_anomaly: row.isAnomaly,
      rank: row.rank,
      ...(row.label === undefined ? {} : { label: row.label }),
      ...(row.members.length === 0 ? {} : membersJson(row.members)),
      reasons: row.reasons.map(reasonJson),
    })),
    ...(content.evaluation === undefined ? {} : { evaluation: evaluationJson(content.evaluation) }),
    notes: content.notes,
    ...written,
    seconds: content.seconds,
    version: content.version,
  };
}

export function ensembleJson({ members, leftOut }: NonNullable<ReportContent["ensemble"]>): Record<string, unknown> {
  const memberJson = ({ name, detectorId, looksAt, sees }: EnsembleMember) => ({
    name,
    algorithm: detectorId,
    looks_at: looksAt,
    sees,
  });
  return {
    members: members.map(memberJson),
    members_left_out: leftOut.map((member) => ({ ...memberJson(member), reason: member.reason })),
  };
}

export function membersJson(members: readonly MemberFinding[]): Record<string, unknown> {
  if (members.every(({ looksAt }) => looksAt === undefined)) return { detectors: members.map(findingJson) };
  const foundCount = members.filter(({ isAnomaly }) => isAnomaly).length;
  return { agreeing_members: foundCount, member_count: members.length, members: members.map(findingJson) };
}

function findingJson({ algorithm, looksAt, score, isAnomaly, rank }: MemberFinding): Record<string, unknown> {
  return {
    algorithm,
    ...(looksAt === undefined ? {} : { looks_at: looksAt }),
    ...(score === undefined ? {} : { anomaly_score: score }),
    is_anomaly: isAnomaly,
    rank,
  };
}

export function reasonJson(reason: Reason): Record<string, unknown> {
  const { kind, profile } = reason;
  if (profile.kind === "category") return { ...encodeReason(reason), commonest: profile.commonest };
  const { median } = usualBounds(profile, kind);
  return { ...encodeReason(reason), median: kind === "date" ? dateText(median) : median };
}

export function evaluationJson(figures: EvaluationFigures): Record<string, number> {
  return {
    roc_auc: figures.rocAuc,
    average_precision: figures.averagePrecision,
    precision_at_n: figures.precisionAtN,
    f1: figures.f1,
    true_positives: figures.truePositives,
    false_positives: figures.falsePositives,
    false_negatives: figures.falseNegatives,
    true_negatives: figures.trueNegatives,
  };
}
