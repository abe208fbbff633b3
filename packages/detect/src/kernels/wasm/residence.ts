/** Decides when an ensemble is worth copying into an arena, which holds one at a time. It keeps no ensemble alive. */

/** From this many rows on, a call pays for the copy by itself. */
const rowCountMin = 16;

/**
 * @param place copies an ensemble into the arena, over the one before; its result is held, so it should hold
 * addresses and counts, not the ensemble's arrays.
 * @returns the result of `place` for the ensemble, or undefined where the call should not use the arena: it has few rows, and the
 * call before had another ensemble. So runs of single rows are fast, and ensembles that take turns are not copied each time.
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
    // `place` overwrites the ensemble before, even when it fails for lack of room.
    resident = undefined;
    const placed = place(ensemble);
    resident = { ensemble: new WeakRef(ensemble), placed };
    return placed;
  };
}
