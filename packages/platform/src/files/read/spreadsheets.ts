/** Recognises spreadsheets by their first bytes, whatever their names are, and refuses them with a way out. */

import { NomalyError } from "@nomaly/detect";

interface Spreadsheet {
  readonly name: string;
  readonly program: string;
}

const zipHead = Buffer.from("PK\u0003\u0004", "latin1");
const oleHead = Buffer.from("d0cf11e0a1b11ae1", "hex");

/** @throws NomalyError FILE_FORMAT for a spreadsheet, and for other zip archives. */
export function refuseSpreadsheet(head: Buffer, name: string): void {
  const isZip = head.subarray(0, zipHead.length).equals(zipHead);
  const isOle = head.subarray(0, oleHead.length).equals(oleHead);
  if (!isZip && !isOle) return;
  const found = isOle ? { name: "an Excel workbook (.xls)", program: "Excel" } : spreadsheetOfZip(head);
  if (found === undefined) {
    throw new NomalyError("FILE_FORMAT", `${name} is a zip archive; unpack it, and give the table in it`, {
      field: name,
      received: "zip",
    });
  }
  const menu = found.program === "Excel" ? 'File > Save As > "CSV UTF-8"' : "File > Save As > Text CSV";
  const message =
    `${name} is ${found.name}, which nomaly does not read; save its sheet as CSV (in ${found.program}: ${menu}), ` +
    'or write Parquet with Python: pandas.read_excel("FILE").to_parquet("FILE.parquet")';
  throw new NomalyError("FILE_FORMAT", message, { field: name, expected: "CSV, Parquet, JSON or Arrow", received: found.name });
}

/** The names of the first entries stand among the first bytes. */
function spreadsheetOfZip(head: Buffer): Spreadsheet | undefined {
  const text = head.toString("latin1");
  if (text.includes("application/vnd.oasis.opendocument.spreadsheet"))
    return { name: "an OpenDocument spreadsheet (.ods)", program: "LibreOffice" };
  if (text.includes("xl/workbook.bin")) return { name: "an Excel workbook (.xlsb)", program: "Excel" };
  if (/xl\/(workbook|worksheets|sharedStrings|styles|theme|_rels)/.test(text) || text.includes("[Content_Types].xml"))
    return { name: "an Excel workbook (.xlsx)", program: "Excel" };
  return undefined;
}
