import { describe, expect, it } from "vitest";
import { becomesJob, refuseBesideRows } from "./job-choice.ts";

const webhook_url = "https://example.org/told";

describe("work on a data set", () => {
  it.each([
    [{}, false, false],
    [{}, true, true],
    [{ background: true }, false, true],
    [{ background: false }, true, false],
    [{ webhook_url }, false, true],
    [{ webhook_url, background: true }, false, true],
  ])("asked for as %j, large: %j, becomes a job: %j", (fields, isLarge, expected) => {
    expect(becomesJob(fields, isLarge)).toBe(expected);
  });

  it("is refused when somebody is to be told of the end of a job that there must not be", () => {
    const asked = () => becomesJob({ background: false, webhook_url }, true);
    expect(asked).toThrow(expect.objectContaining({ code: "REQUEST", field: "webhook_url" }));
  });
});

describe("work on rows in the request", () => {
  it.each([[{}], [{ background: false }]])("is done at once: %j", (fields) => {
    expect(() => refuseBesideRows(fields)).not.toThrow();
  });

  it.each([
    [{ dataset_id: "7" }, "dataset_id"],
    [{ background: true }, "background"],
    [{ webhook_url }, "webhook_url"],
    [{ webhook_url, background: false }, "webhook_url"],
    [{ dataset_id: "7", background: true, webhook_url }, "dataset_id"],
  ])("refuses what only jobs take: %j", (fields, field) => {
    expect(() => refuseBesideRows(fields)).toThrow(expect.objectContaining({ code: "REQUEST", field }));
  });
});
