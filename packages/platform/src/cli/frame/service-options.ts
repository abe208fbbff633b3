/** Options of the commands that run or administer the service, and the settings they make together with environment and file. */

import { readConfig, type ReadConfig } from "../../config/read-config.ts";
import type { Arguments } from "./arguments.ts";
import type { OptionSpec } from "./options.ts";

export const configFileOption: OptionSpec = {
  name: "config",
  value: "FILE",
  summary: "JSON file of settings by name; `nomaly config` lists them (also NOMALY_CONFIG)",
};

export const dataFolderOption: OptionSpec = {
  name: "data-dir",
  value: "FOLDER",
  summary: "folder of the embedded database, data sets and models",
};

export const logLevelOption: OptionSpec = {
  name: "log-level",
  value: "LEVEL",
  choices: ["silent", "error", "warn", "info", "debug"],
  summary: "what is logged on stderr (default info)",
};

/** An option of the command line goes before the environment, that before the file. @throws NomalyError CONFIG. */
export function serviceConfig(given: Arguments): ReadConfig {
  const commandLine: Record<string, string> = {};
  for (const name of ["port", "host", "data-dir", "log-level"]) {
    const value = given.text(name);
    if (value !== undefined) commandLine[name.replaceAll("-", "_")] = value;
  }
  const file = given.text("config");
  return readConfig({ commandLine, environment: process.env, ...(file === undefined ? {} : { file }) });
}
