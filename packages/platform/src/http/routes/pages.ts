/** Where a browser begins. */

import type { App } from "../app.ts";

export function registerPages(app: App): void {
  app.get("/", { config: { scope: "public" }, schema: { hide: true } }, async (_request, reply) => reply.redirect("/docs/", 302));
}
