import { describe, expect, it } from "vitest";
import { csvDialect, parseDelimiter } from "./csv-dialect.ts";

const dialect = (head: string, given?: string) => csvDialect("f.csv", head, given);

describe("csvDialect", () => {
  it("finds the delimiter that cuts every record alike", () => {
    expect(dialect("a,b\n1,2\n3,4\n").delimiter).toBe(",");
    expect(dialect("a;b\n1,5;2\n3,5;4\n").delimiter).toBe(";");
    expect(dialect("a\tb\n1\t2\n").delimiter).toBe("\t");
    expect(dialect("a|b|c\n1|2|3\n").delimiter).toBe("|");
  });

  it("does not count delimiters inside quotes", () => {
    expect(dialect('name;note\n"x, y, z";"a, b, c"\n"u, v, w";"d, e, f"\n').delimiter).toBe(";");
    expect(dialect('"a ""b"" c",d\n1,2\n').firstRecord).toEqual(['a "b" c', "d"]);
  });

  it("takes a comma for ragged rows, so that the reader can say which line is wrong", () => {
    expect(dialect("a,b\n1,2\n3\n4,5\n").delimiter).toBe(",");
  });

  it("takes commas within the numbers of evenly cut fields for decimal commas", () => {
    expect(dialect("1,5;2,5\n3,5;4,5\n").delimiter).toBe(";");
    expect(dialect("Preis, netto;Menge, brutto\n3,5;4,5\n").delimiter).toBe(";");
    expect(dialect("a,b;c\n1,2;3\n").delimiter).toBe(";");
    expect(dialect("a,b;c\n1,x;y\n").delimiter).toBe(",");
  });

  it("takes a single column where nothing cuts it", () => {
    expect(dialect("value\n1\n2\n")).toEqual({ delimiter: ",", firstRecord: ["value"], records: [["value"], ["1"], ["2"]] });
  });

  it("says which delimiter is meant where all falls into one column", () => {
    expect(() => dialect("a;b\n1;2\n", ",")).toThrow(expect.objectContaining({ code: "FILE_FORMAT", expected: ";" }));
    expect(() => dialect("a^b\n1^2\n")).toThrow(/pass --delimiter "\^"/);
  });
});

describe("parseDelimiter", () => {
  it("knows tab by name", () => {
    expect(["tab", "\\t", "\t", "::"].map(parseDelimiter)).toEqual(["\t", "\t", "\t", "::"]);
  });

  it("refuses what cannot cut", () => {
    for (const text of ["", "12345", '"', "\n"])
      expect(() => parseDelimiter(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
