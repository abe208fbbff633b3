/** Reads the flatbuffers that describe Arrow messages, and checks every offset. */

/** Says what is wrong with the bytes; callers that know the file or request turn it into a coded error. */
export class ArrowDamage extends Error {}

/** Budget for metadata texts, counted at each reference, because many references may point to one text. */
export interface MetadataBudget {
  bytesLeft: number;
}

const metadataTextBytesMax = 64 * 1024 ** 2;

export function metadataBudget(): MetadataBudget {
  return { bytesLeft: metadataTextBytesMax };
}

const uoffsetBytes = 4;

/** A flatbuffer table, with its members by their slot in the format's schema. */
export interface FlatTable {
  /** True if the member is present; absent ones have their default. */
  has(slot: number): boolean;
  int8(slot: number, otherwise: number): number;
  uint8(slot: number, otherwise: number): number;
  int16(slot: number, otherwise: number): number;
  int32(slot: number, otherwise: number): number;
  /** A whole number that float64 holds. */
  int64(slot: number, otherwise: number): number;
  text(slot: number, what: string, budget: MetadataBudget): string | undefined;
  table(slot: number, what: string): FlatTable | undefined;
  /** Iterates, because a message may have very many tables. */
  tables(slot: number, what: string): Iterable<FlatTable>;
  /** Consecutive elements of a fixed size. */
  vector(slot: number, elementBytes: number, what: string): FlatVector;
}

export interface FlatVector {
  /** Position of the first element in the flatbuffer. */
  readonly start: number;
  readonly count: number;
  int32(index: number, byteInElement: number): number;
  int64(index: number, byteInElement: number): number;
}

/** @throws ArrowDamage */
export function rootTable(bytes: Uint8Array, what: string): FlatTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  requireInside(view, 0, uoffsetBytes, what);
  return tableAt(view, view.getUint32(0, true), what);
}

function tableAt(view: DataView, position: number, what: string): FlatTable {
  requireInside(view, position, 4, what);
  const vtable = position - view.getInt32(position, true);
  requireInside(view, vtable, 4, what);
  const vtableBytes = view.getUint16(vtable, true);
  const tableBytes = view.getUint16(vtable + 2, true);
  if (vtableBytes < 4 || vtableBytes % 2 !== 0) throw new ArrowDamage(`${what} has a table of members of ${vtableBytes} bytes`);
  requireInside(view, vtable, vtableBytes, what);
  requireInside(view, position, tableBytes, what);

  /** Position of the member; 0 if it is absent. */
  function place(slot: number, sizeBytes: number): number {
    const entry = 4 + slot * 2;
    const offset = entry < vtableBytes ? view.getUint16(vtable + entry, true) : 0;
    if (offset === 0) return 0;
    if (offset < 4 || offset + sizeBytes > tableBytes) throw new ArrowDamage(`${what} has a member outside of it`);
    return position + offset;
  }

  function pointed(slot: number): number {
    const at = place(slot, uoffsetBytes);
    return at === 0 ? 0 : at + view.getUint32(at, true);
  }

  function vector(slot: number, elementBytes: number, inside: string): FlatVector {
    const at = pointed(slot);
    if (at !== 0) requireInside(view, at, uoffsetBytes, inside);
    const count = at === 0 ? 0 : view.getUint32(at, true);
    const start = at + uoffsetBytes;
    if (at !== 0) requireInside(view, start, count * elementBytes, inside);
    return {
      start,
      count,
      int32: (index, byte) => view.getInt32(start + index * elementBytes + byte, true),
      int64: (index, byte) => safeInt64(view, start + index * elementBytes + byte, inside),
    };
  }

  function scalar(slot: number, sizeBytes: number, otherwise: number, read: (at: number) => number): number {
    const at = place(slot, sizeBytes);
    return at === 0 ? otherwise : read(at);
  }

  return {
    has: (slot) => place(slot, 1) !== 0,
    int8: (slot, otherwise) => scalar(slot, 1, otherwise, (at) => view.getInt8(at)),
    uint8: (slot, otherwise) => scalar(slot, 1, otherwise, (at) => view.getUint8(at)),
    int16: (slot, otherwise) => scalar(slot, 2, otherwise, (at) => view.getInt16(at, true)),
    int32: (slot, otherwise) => scalar(slot, 4, otherwise, (at) => view.getInt32(at, true)),
    int64: (slot, otherwise) => scalar(slot, 8, otherwise, (at) => safeInt64(view, at, what)),
    text(slot, inside, budget) {
      if (place(slot, uoffsetBytes) === 0) return undefined;
      const { start, count } = vector(slot, 1, inside);
      budget.bytesLeft -= count + uoffsetBytes;
      if (budget.bytesLeft < 0) throw new ArrowDamage(`its names and notes take more than ${metadataTextBytesMax} bytes`);
      return decoded(new Uint8Array(view.buffer, view.byteOffset + start, count), inside);
    },
    table(slot, inside) {
      const at = pointed(slot);
      return at === 0 ? undefined : tableAt(view, at, inside);
    },
    *tables(slot, inside) {
      const { start, count } = vector(slot, uoffsetBytes, inside);
      for (let at = start; at < start + count * uoffsetBytes; at += uoffsetBytes) {
        yield tableAt(view, at + view.getUint32(at, true), inside);
      }
    },
    vector,
  };
}

function requireInside(view: DataView, start: number, sizeBytes: number, what: string): void {
  if (start >= 0 && start + sizeBytes <= view.byteLength) return;
  throw new ArrowDamage(`${what} points outside of its message`);
}

function safeInt64(view: DataView, at: number, what: string): number {
  const value = view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  if (Number.isSafeInteger(value)) return value;
  throw new ArrowDamage(`${what} holds the number ${view.getBigInt64(at, true)}`);
}

function decoded(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder's error says no more.
    throw new ArrowDamage(`${what} is not UTF-8`);
  }
}
