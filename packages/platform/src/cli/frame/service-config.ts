/** The settings that a command line, the environment and a file make together. */

import { readConfig, type ReadConfig } from "../../config/read-config.ts";
import { settingSpecs } from "../../config/settings.ts";
import type { Arguments } from "./arguments.ts";
import { optionOfSetting } from "./service-options.ts";

/** An option of the command line goes before the environment, that before the file. @throws NomalyError CONFIG. */
export function serviceConfig(given: Arguments): ReadConfig {
  const commandLine: Record<string, string> = {};
  for (const { name } of settingSpecs) {
    const value = given.text(optionOfSetting(name));
    if (value !== undefined) commandLine[name] = value;
  }
  const file = given.text("config");
  return readConfig({ commandLine, environment: process.env, ...(file === undefined ? {} : { file }) });
}
