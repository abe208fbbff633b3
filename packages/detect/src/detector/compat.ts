/** The parameter of detectors whose corrected default differs from the reference library. */

/** `compat: "pyod"` reproduces PyOD's scores, its faults included; each detector's README says what differs. */
export function compatParam(difference: string) {
  return {
    kind: "choice",
    default: "none",
    choices: ["none", "pyod"],
    summary: `"pyod" reproduces PyOD: ${difference}`,
  } as const;
}
