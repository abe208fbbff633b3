/** Starts the dashboard in its page. */

import { chartStyle } from "nomaly/report";
import { render } from "preact";
import { App } from "./app.tsx";

// The report's style, as the object of a style sheet: the page's policy forbids styles in its text.
const charts = new CSSStyleSheet();
charts.replaceSync(chartStyle);
document.adoptedStyleSheets = [charts];

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
