import { expect, it } from "vitest";
import { commands } from "../commands.ts";
import { parseCommandLine } from "../frame/arguments.ts";
import { loadSettings } from "./load-settings.ts";

const command = commands.find(({ name }) => name === "loadtest");

async function settingsOf(words: readonly string[], scenario = {}) {
  if (command === undefined) throw new Error("there is no such command");
  return loadSettings(await parseCommandLine(command, ["detection", ...words]), scenario);
}

it("a closed loop of 50 connections for 60 seconds is the default", async () => {
  expect(await settingsOf([])).toEqual({
    durationMs: 60_000,
    concurrency: 50,
    ratePerSecond: undefined,
    warmUpMs: 0,
    rampMs: 0,
    timeoutMs: 30_000,
  });
});

it("the command line goes before the scenario, which goes before the defaults", async () => {
  const settings = await settingsOf(["--duration", "2", "--warm-up", "0.5"], { duration: 7, rate: 9, ramp: 3 });
  expect(settings).toMatchObject({ durationMs: 2000, warmUpMs: 500, ratePerSecond: 9, rampMs: 3000, concurrency: 50 });
});
