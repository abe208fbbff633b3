import { describe, expect, it } from "vitest";
import { otherOrigins } from "./other-origins.ts";

describe("the list of origins", () => {
  it.each([
    ["https://app.example.com/", "https://app.example.com"],
    ["https://app.example.com/page", "https://app.example.com"],
    ["https://app.example.com:443", "https://app.example.com"],
    ["app.example.com", "https://app.example.com"],
    ["null", "https://app.example.com"],
    ["file:///page.html", "https://app.example.com"],
    ["https://*.example.com/", "https://*.example.com"],
  ])("refuses %s, and says how to write it", (given, hint) => {
    expect(() => otherOrigins([given], true)).toThrow(expect.objectContaining({ code: "CONFIG", field: "cors_origins" }));
    expect(() => otherOrigins([given], true)).toThrow(`write it like ${hint}`);
  });

  it("takes * only where a key is needed", () => {
    expect(otherOrigins(["*"], true).isListed("https://any.example")).toBe(true);
    expect(() => otherOrigins(["*"], false)).toThrow(expect.objectContaining({ code: "CONFIG", field: "cors_origins" }));
  });

  it("holds origins exactly", () => {
    const { isListed } = otherOrigins(["https://App.example.com", "http://localhost:3000"], false);
    expect(["https://app.example.com", "http://localhost:3000"].map(isListed)).toEqual([true, true]);
    const others = [
      "http://app.example.com",
      "https://app.example.com.evil.example",
      "http://localhost:3001",
      "null",
      "",
      "*",
      undefined,
    ];
    expect(others.filter(isListed)).toEqual([]);
  });
});

describe("the headers of an answer", () => {
  it("are none without a list", () => {
    expect(otherOrigins([], false).headersFor("https://app.example.com")).toEqual({});
  });

  it("allow a listed origin and never credentials; others get only Vary", () => {
    const { headersFor } = otherOrigins(["https://app.example.com"], false);
    const headers = headersFor("https://app.example.com");
    expect(headers).toMatchObject({ vary: "Origin", "access-control-allow-origin": "https://app.example.com" });
    expect(Object.keys(headers)).not.toContain("access-control-allow-credentials");
    expect(headersFor("https://evil.example")).toEqual({ vary: "Origin" });
    expect(headersFor(undefined)).toEqual({ vary: "Origin" });
  });
});
