/** A column's type as it is shown. */

/** The type of an object names each of its members. */
const typeLengthMax = 60;

export function typeText(type: string): string {
  return type.length <= typeLengthMax ? type : `${type.slice(0, typeLengthMax)}…`;
}
