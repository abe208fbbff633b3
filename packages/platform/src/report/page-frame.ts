/** The frame of a page that stands alone: its style, and a policy that forbids all else. */

import { type Html, html, Html as RawHtml } from "./html.ts";
import { pageStyle } from "./page-style.ts";

/** Forbids scripts and downloads, so that content of a file can only be shown. */
const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function pageFrame({ title, body }: { readonly title: string; readonly body: Html }): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${contentPolicy}" />
        <title>${title}</title>
        <style>
          ${new RawHtml(pageStyle)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  return page.text;
}
