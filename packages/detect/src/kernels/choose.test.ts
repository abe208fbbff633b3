import { afterEach, describe, expect, it, vi } from "vitest";

describe("the choice of kernels", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  async function chosenName(): Promise<string> {
    vi.resetModules();
    const { chooseKernels } = await import("./choose.ts");
    return chooseKernels().name;
  }

  it("is the fastest set on an engine with relaxed SIMD", async () => {
    expect(await chosenName()).toBe("wasm-relaxed-simd");
  });

  it("is the plain SIMD set where relaxed SIMD does not compile", async () => {
    let compileCount = 0;
    class Module extends WebAssembly.Module {
      constructor(bytes: BufferSource) {
        // The first module compiled is that of the relaxed build.
        if (++compileCount === 1) throw new WebAssembly.CompileError("invalid opcode");
        super(bytes);
      }
    }
    vi.stubGlobal("WebAssembly", Object.assign(Object.create(WebAssembly), { Module }));
    expect(await chosenName()).toBe("wasm-simd");
  });

  it("is the reference where no module compiles, and where there is no WebAssembly", async () => {
    const refuse = () => {
      throw new WebAssembly.CompileError("forbidden by policy");
    };
    vi.stubGlobal("WebAssembly", Object.assign(Object.create(WebAssembly), { Module: refuse }));
    expect(await chosenName()).toBe("reference");
    vi.stubGlobal("WebAssembly", undefined);
    expect(await chosenName()).toBe("reference");
  });

  it("passes over a set that computes wrongly", async () => {
    const { referenceKernels } = await import("./reference/index.ts");
    const { selfTest } = await import("./self-test.ts");
    const broken = {
      ...referenceKernels,
      createSearch: (source: Parameters<typeof referenceKernels.createSearch>[0]) =>
        referenceKernels.createSearch({ ...source, metric: "manhattan" }),
    };
    expect(() => selfTest(broken, referenceKernels)).toThrow(/compute wrongly/);
  });
});
