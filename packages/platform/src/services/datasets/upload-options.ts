/** The options that an upload of a text file may have, for the form's description. */

export { type CsvOptionSpec, csvOptionSpecs } from "../../files/read/csv/csv-option-specs.ts";
