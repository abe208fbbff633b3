import { describe, expect, it } from "vitest";
import { createBreaker } from "./breaker.ts";

function breakerOf() {
  const time = { now: 0 };
  const breaker = createBreaker({ failureCountMax: 5, windowMs: 10_000, openMs: 5_000, clock: { now: () => time.now } });
  const fail = () => breaker.enter()?.failed();
  return { breaker, time, fail };
}

describe("a breaker", () => {
  it("opens at the fifth failure within ten seconds", () => {
    const { breaker, fail } = breakerOf();
    for (let i = 0; i < 4; i++) fail();
    expect(breaker.state()).toBe("closed");
    fail();
    expect(breaker.state()).toBe("open");
    expect(breaker.enter()).toBeUndefined();
  });

  it("stays closed when five failures are spread over more than ten seconds, whatever succeeds between them", () => {
    const { breaker, time, fail } = breakerOf();
    for (let i = 0; i < 20; i++) {
      fail();
      breaker.enter()?.succeeded();
      time.now += 2_501;
    }
    expect(breaker.state()).toBe("closed");
  });

  it("tries once after five seconds, and closes when that succeeds", () => {
    const { breaker, time, fail } = breakerOf();
    for (let i = 0; i < 5; i++) fail();
    time.now = 4_999;
    expect(breaker.enter()).toBeUndefined();
    time.now = 5_000;
    const trial = breaker.enter();
    expect(breaker.state()).toBe("half-open");
    expect(breaker.enter()).toBeUndefined();
    trial?.succeeded();
    expect(breaker.state()).toBe("closed");
    fail();
    expect(breaker.state()).toBe("closed");
  });

  it("stays open for another five seconds when the trial fails", () => {
    const { breaker, time, fail } = breakerOf();
    for (let i = 0; i < 5; i++) fail();
    time.now = 5_000;
    fail();
    expect(breaker.state()).toBe("open");
    time.now = 9_999;
    expect(breaker.enter()).toBeUndefined();
    time.now = 10_000;
    expect(breaker.enter()).toBeDefined();
    expect(breaker.openedCount()).toBe(2);
  });

  it("is not closed by a call from before it opened", () => {
    const { breaker, fail } = breakerOf();
    const early = breaker.enter();
    for (let i = 0; i < 5; i++) fail();
    early?.succeeded();
    expect(breaker.state()).toBe("open");
  });
});
