/** Reads the service's settings from the command line, the environment and a file. */

import { readConfig, type ReadConfig } from "../../config/read-config.ts";
import { settingSpecs } from "../../config/settings.ts";
import type { Arguments } from "./arguments.ts";
import { type CliContext, note } from "./context.ts";
import { optionOfSetting } from "./service-options.ts";

/**
 * The command line overrides the environment, which overrides the file. Says which variables have no effect: a misspelt one would
 * otherwise be noticed late, or never.
 * @throws NomalyError CONFIG.
 */
export function serviceConfig(given: Arguments, context: CliContext): ReadConfig {
  const commandLine: Record<string, string> = {};
  for (const { name } of settingSpecs) {
    const value = given.text(optionOfSetting(name));
    if (value !== undefined) commandLine[name] = value;
  }
  const file = given.text("config");
  const read = readConfig({ commandLine, environment: process.env, ...(file === undefined ? {} : { file }) });
  for (const { variable, nearest } of read.unknownVariables) {
    note(context, `${variable} is no setting and has no effect${nearest === undefined ? "" : `; did you mean ${nearest}?`}`);
  }
  return read;
}
