/** The links to the views. */

import type { Route } from "./route.ts";

const views = [
  { view: "operate", name: "Operate" },
  { view: "detect", name: "Detect" },
] as const;

export function Navigation({ view: shown }: Pick<Route, "view">) {
  return (
    <nav aria-label="Views">
      {views.map(({ view, name }) => (
        <a key={view} href={`#/${view}`} {...(view === shown ? { "aria-current": "page" } : {})}>
          {name}
        </a>
      ))}
    </nav>
  );
}
