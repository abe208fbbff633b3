/**
 * One WebAssembly module with its own memory, used as an arena. Two ways of use, and no model has to be freed in either:
 *
 *     | inputs, result |            a call resets the arena, copies in, runs, copies out
 *     | model | rows, result |      what stands in front stays; each call rewinds to its end
 *
 * In the second way the memory belongs to the model (a neighbour search, Gaussian points) and is freed with it, or to a kernel
 * that serves one ensemble after the other (forests): then the last one stays in it, even when its model is dropped, until
 * another takes its place.
 */

import { assert } from "../../errors.ts";

/** `relaxedSimd` has fused multiply-add. */
export type WasmBuild = "simd" | "relaxedSimd";

const pageBytes = 65_536;
/** Arrays start on cache lines. */
const alignment = 64;
/** Most bytes one call may hold: callers cut rows into blocks long before this. */
export const arenaBytesMax = 1_073_741_824;
/** The next reset drops a memory larger than this; until then the arena holds what its largest call took. */
const keptBytesMax = 67_108_864;

export type WasmExports = Readonly<Record<string, (...args: number[]) => number>>;

export interface WasmArena {
  /** Frees everything in the arena: earlier views and addresses become invalid. */
  reset(): void;
  /** Frees everything from an address on. What stands before it stays, such as the rows that a model keeps in here. */
  rewind(address: number): void;
  /** Address of `byteCount` fresh bytes, aligned to 64, content undefined. May grow memory: take views after the last reserve. */
  reserve(byteCount: number): number;
  /** Copies an array in and returns its address. */
  put(values: Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array): number;
  /** A view on memory: valid until the next `reserve` or `put`. */
  float64(address: number, length: number): Float64Array;
  float32(address: number, length: number): Float32Array;
  int32(address: number, length: number): Int32Array;
  readonly call: WasmExports;
}

/** A `WebAssembly.Module`: projects without the DOM library have no type of that name, and read these declarations. */
export type CompiledModule = object;

/** Compiles hexadecimal text at once (our modules are a few kilobytes), so that several arenas can be made of it. */
export function compileModule(hex: string): CompiledModule {
  return new WebAssembly.Module(bytesFromHex(hex));
}

/** @param bytesMax most bytes the arena may hold. */
export function createArena(source: string | CompiledModule, bytesMax = arenaBytesMax): WasmArena {
  const module = (typeof source === "string" ? compileModule(source) : source) as WebAssembly.Module;
  let instance = new WebAssembly.Instance(module, {});
  let memory = instance.exports["memory"] as WebAssembly.Memory;
  // Address 0 to 1023 stays free for static data of the module.
  const start = 1024;
  let top = start;
  const callTable: Record<string, (...args: number[]) => number> = {};
  for (const name of Object.keys(instance.exports)) {
    if (name !== "memory") callTable[name] = (...args) => (instance.exports[name] as (...a: number[]) => number)(...args);
  }

  function reset(): void {
    if (memory.buffer.byteLength > keptBytesMax) {
      instance = new WebAssembly.Instance(module, {});
      memory = instance.exports["memory"] as WebAssembly.Memory;
    }
    top = start;
  }

  function rewind(address: number): void {
    top = address;
  }

  function reserve(byteCount: number): number {
    const address = Math.ceil(top / alignment) * alignment;
    top = address + byteCount;
    assert(top <= bytesMax, `a kernel call asked for ${top} bytes of memory, the limit is ${bytesMax}`);
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    return address;
  }

  function put(values: Parameters<WasmArena["put"]>[0]): number {
    const address = reserve(values.byteLength);
    const View = values.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof values;
    new View(memory.buffer, address, values.length).set(values);
    return address;
  }

  return {
    reset,
    rewind,
    reserve,
    put,
    float64: (address, length) => new Float64Array(memory.buffer, address, length),
    float32: (address, length) => new Float32Array(memory.buffer, address, length),
    int32: (address, length) => new Int32Array(memory.buffer, address, length),
    call: callTable,
  };
}

function bytesFromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
