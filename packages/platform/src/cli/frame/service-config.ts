/** Reads the service's settings from the command line, the environment and a file. */

import { readConfig, type ReadConfig } from "../../config/read-config.ts";
import { settingSpecs } from "../../config/settings.ts";
import type { Arguments } from "./arguments.ts";
import { optionOfSetting } from "./service-options.ts";

/** The command line overrides the environment, which overrides the file. @throws NomalyError CONFIG. */
export function serviceConfig(given: Arguments): ReadConfig {
  const commandLine: Record<string, string> = {};
  for (const { name } of settingSpecs) {
    const value = given.text(optionOfSetting(name));
    if (value !== undefined) commandLine[name] = value;
  }
  const file = given.text("config");
  return readConfig({ commandLine, environment: process.env, ...(file === undefined ? {} : { file }) });
}
