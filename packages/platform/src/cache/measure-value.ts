/** Estimates the memory of a value, and refuses values that a cache may not hold. */

/** Rounded up from what V8 needs, so that a bound in bytes holds. */
const leafBytes = 24;
const stringBytes = 24;
const containerBytes = 56;
const memberBytes = 24;
/** A value with more parts is refused; this also ends the walk through a value that contains itself. */
const nodeCountMax = 5_000_000;

/**
 * @returns bytes; undefined for a value that is neither JSON nor bytes, such as NaN, dates, maps, functions or undefined members:
 * level 2 would return another value.
 */
export function measureValue(value: unknown): number | undefined {
  if (value instanceof Uint8Array) return containerBytes + value.byteLength;
  const pending: unknown[] = [value];
  let sizeBytes = 0;
  for (let nodeCount = 0; pending.length > 0; nodeCount++) {
    if (nodeCount > nodeCountMax || pending.length > nodeCountMax) return undefined;
    const node = pending.pop();
    const nodeBytes = typeof node === "object" && node !== null ? containerSize(node, pending) : leafSize(node);
    if (nodeBytes === undefined) return undefined;
    sizeBytes += nodeBytes;
  }
  return sizeBytes;
}

function leafSize(leaf: unknown): number | undefined {
  if (typeof leaf === "string") return stringBytes + 2 * leaf.length;
  if (typeof leaf === "number") return Number.isFinite(leaf) ? leafBytes : undefined;
  return typeof leaf === "boolean" || leaf === null ? leafBytes : undefined;
}

/** The size of the container itself; adds its members to `pending`. */
function containerSize(container: object, pending: unknown[]): number | undefined {
  if (Array.isArray(container)) {
    for (let i = 0; i < container.length; i++) pending.push(container[i]);
    return containerBytes;
  }
  const prototype: unknown = Object.getPrototypeOf(container);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  const names = Object.keys(container);
  for (const name of names) pending.push((container as Readonly<Record<string, unknown>>)[name]);
  return containerBytes + names.length * memberBytes;
}
