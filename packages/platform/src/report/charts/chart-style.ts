/** The style of charts and of lists of reasons, for the report and for the dashboard, which give the colours. */

export const chartStyle = `
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--quiet)}
svg .count{font-size:11px}
svg .label{fill:var(--ink);font-weight:600}
svg .mark{fill:var(--odd);font-weight:600}
svg rect.usual{fill:var(--usual)}svg rect.odd{fill:var(--odd)}
svg .axis{stroke:var(--line);stroke-width:1.5}
svg .grid{stroke:var(--line);stroke-width:1}
svg .threshold{stroke:var(--odd);stroke-width:1.5;stroke-dasharray:4 3}
svg .band{fill:var(--usual-soft)}
svg .median{stroke:var(--usual);stroke-width:1.5}
svg circle.usual{fill:var(--usual);fill-opacity:.45}
svg circle.odd{fill:var(--odd);fill-opacity:.9;stroke:var(--card);stroke-width:1}
svg polygon.usual{fill:var(--usual)}svg polygon.odd{fill:var(--odd)}
.strip circle.usual{fill-opacity:1}
svg .frame{fill:none;stroke:var(--line)}
svg .chance{stroke:var(--line);stroke-dasharray:4 4}
svg .curve{fill:none;stroke:var(--usual);stroke-width:2.5}
.reasons{list-style:none;margin:0;padding:0;display:grid;gap:4px}
.reasons li{display:grid;grid-template-columns:minmax(0,1fr) 140px minmax(0,1fr);gap:4px 16px;align-items:center}
.reasons li>span:first-child{overflow-wrap:anywhere}
.reasons b{font-weight:600}
.strip{width:140px;height:19px}
.legend{white-space:nowrap;margin-left:10px}
.key{display:inline-block;width:10px;height:10px;border-radius:50%;margin-right:4px;vertical-align:baseline}
.key.odd{background:var(--odd)}.key.usual{background:var(--usual)}.key.band{border-radius:3px;background:var(--usual-soft)}
@media (max-width:900px){.reasons li{grid-template-columns:minmax(0,1fr) 140px}.reasons .usual-text{grid-column:1/-1;margin-top:-4px}}
@media (max-width:560px){svg.distribution text{font-size:24px}svg.scatter text{font-size:18px}svg.distribution .count{display:none}}
`;
