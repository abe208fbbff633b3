/** Decides when an ensemble is worth copying into an arena, in which one stays at a time. It keeps no ensemble alive. */

/** A call of so many rows pays for the copy by itself. */
const rowCountMin = 16;

/**
 * @param place copies an ensemble into the arena, in the place of the one before; what it returns is held, so let it be
 * addresses and counts, not the ensemble's arrays.
 * @returns what `place` made of an ensemble, or undefined where a call should do without: few rows, on an ensemble that
 * was not in the call before either. So single rows in a row are fast, and ensembles that take turns are not copied each time.
 */
export function createResidence<Ensemble extends object, Placed>(
  place: (ensemble: Ensemble) => Placed,
): (ensemble: Ensemble, rowCount: number) => Placed | undefined {
  let resident: { readonly ensemble: WeakRef<Ensemble>; readonly placed: Placed } | undefined;
  let lastAsked: WeakRef<Ensemble> | undefined;

  return (ensemble, rowCount) => {
    if (resident?.ensemble.deref() === ensemble) return resident.placed;
    if (rowCount < rowCountMin && lastAsked?.deref() !== ensemble) {
      lastAsked = new WeakRef(ensemble);
      return undefined;
    }
    // Should there be no room for this one, the one before is gone all the same.
    resident = undefined;
    const placed = place(ensemble);
    resident = { ensemble: new WeakRef(ensemble), placed };
    return placed;
  };
}
