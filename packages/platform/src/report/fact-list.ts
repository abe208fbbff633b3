/** The facts at the head of a page: each a small name above its value. */

import { type Html, html } from "./html.ts";

export function factList(list: readonly (readonly [name: string, value: string])[]): Html {
  return html`<dl class="facts">
    ${list.map(
      ([term, value]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
