/** `nomaly keys`: creates, lists and revokes API keys. */

import { NomalyError } from "@nomaly/detect";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, type KeyList, say, sayJson } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { serviceConfig } from "../frame/service-config.ts";

const dayMs = 86_400_000;
const daysMax = 36_500;

export async function runKeys(given: Arguments, context: CliContext): Promise<void> {
  const [action, argument] = given.operands;
  const { config } = serviceConfig(given, context);
  const host = await context.serviceHost();
  if (action === "create") {
    const name = requireArgument(argument, "create NAME");
    const scope = given.text("scope") ?? "score";
    const days = given.number("days", { min: 1, max: daysMax, whole: true });
    const expiresAt = days === undefined ? null : new Date(Date.now() + days * dayMs);
    const made = await host.withKeys(config, (keys) => keys.create({ name, scopes: [scope], expiresAt }));
    if (given.has("json")) return sayJson(context, made);
    return say(context, `${made.key}\nKept nowhere: this is the only time it is shown. Its id is ${made.id}.`);
  }
  if (action === "list") {
    const list = await host.withKeys(config, (keys) => keys.list());
    return given.has("json") ? sayJson(context, list) : say(context, listText(list));
  }
  if (action === "revoke") {
    const id = requireArgument(argument, "revoke ID");
    await host.withKeys(config, (keys) => keys.revoke(id));
    return say(context, `${id} is revoked`);
  }
  throw new NomalyError("USAGE", `nomaly keys knows create, list and revoke, not "${action}"`, {
    field: "action",
    received: action,
  });
}

function requireArgument(argument: string | undefined, usage: string): string {
  if (argument === undefined) throw new UsageError(`nomaly keys ${usage}: the last word is missing`);
  return argument;
}

function listText(list: KeyList): string {
  if (list.length === 0) return "There are no keys.";
  const lines = list.map(({ id, name, scopes: held, state, last_used_at: used }) =>
    [id, state.padEnd(8), held.join(",").padEnd(6), used === null ? "never used" : `used ${used}`, name].join("  "),
  );
  return lines.join("\n");
}
