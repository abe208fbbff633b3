/** Options of the commands that run or administer the service, made from the definitions of the settings. */

import { type SettingName, type SettingSpec, settingSpecs } from "../../config/settings.ts";
import type { OptionSpec } from "./options.ts";

export const configFileOption: OptionSpec = {
  name: "config",
  value: "FILE",
  summary: "JSON file of settings by name; `nomaly config` lists them (also NOMALY_CONFIG)",
};
export const portOption = settingOption("port", "N");
export const hostOption = settingOption("host", "ADDRESS");
export const dataFolderOption = settingOption("data_dir", "FOLDER");
export const databaseUrlOption = settingOption("database_url", "URL");
export const logLevelOption = settingOption("log_level", "LEVEL");

function settingOption(setting: SettingName, value: string): OptionSpec {
  const specs: readonly SettingSpec[] = settingSpecs.filter(({ name }) => name === setting);
  const [{ summary, choices, default: text }] = specs;
  return {
    name: optionOfSetting(setting),
    value,
    ...(choices === undefined ? {} : { choices }),
    summary: text === undefined ? summary : `${summary} (default ${text})`,
  };
}

export function optionOfSetting(setting: string): string {
  return setting.replaceAll("_", "-");
}
