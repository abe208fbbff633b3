/** A drawing of the report, which is SVG as text with all values of the rows escaped. */

import type { Html } from "nomaly/report";

export function Drawing({ html, name }: { readonly html: Html; readonly name: string }) {
  return <div class={name} dangerouslySetInnerHTML={{ __html: html.text }} />;
}
