import { describe, expect, it } from "vitest";
import { createBreaker } from "./breaker.ts";

function breakerAt(time: { now: number }) {
  return createBreaker({ failureCountMax: 3, windowMs: 1000, openMs: 500, clock: { now: () => time.now } });
}

describe("the times of a breaker", () => {
  it.each([
    [999, "open"],
    [1000, "closed"],
  ])("count a failure that is %d of 1000 ms old: then it is %s", (ageMs, state) => {
    const time = { now: 0 };
    const breaker = breakerAt(time);
    breaker.enter()?.failed();
    time.now = ageMs;
    breaker.enter()?.failed();
    breaker.enter()?.failed();
    expect(breaker.state()).toBe(state);
  });

  it.each([
    [499, "open"],
    [500, "half-open"],
  ])("let it try again %d of 500 ms after it opened: it is %s", (passedMs, state) => {
    const time = { now: 100 };
    const breaker = breakerAt(time);
    for (let i = 0; i < 3; i++) breaker.enter()?.failed();
    time.now += passedMs;
    expect(breaker.state()).toBe(state);
    expect(breaker.enter() === undefined).toBe(state === "open");
  });

  it("forget the failures from before it opened once it is closed again", () => {
    const time = { now: 0 };
    const breaker = breakerAt(time);
    for (let i = 0; i < 3; i++) breaker.enter()?.failed();
    time.now = 500;
    breaker.enter()?.succeeded();
    breaker.enter()?.failed();
    breaker.enter()?.failed();
    expect(breaker.state()).toBe("closed");
    breaker.enter()?.failed();
    expect(breaker.state()).toBe("open");
    expect(breaker.openedCount()).toBe(2);
  });
});
