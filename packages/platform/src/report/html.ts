/** A template tag for HTML that escapes every value which is not HTML already. */

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | readonly (Html | undefined)[];

/** Escapes texts; inserts Html and lists of Html unchanged, and nothing for undefined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = unindented(strings[0]);
  for (const [index, part] of parts.entries()) text += render(part) + unindented(strings[index + 1]);
  return new Html(text);
}

/** Removes the indentation of the source code. */
function unindented(text: string): string {
  return text.replaceAll(/\n\s*/g, "\n");
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escapeHtml(part);
  return part.map((item) => item?.text ?? "").join("\n");
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
