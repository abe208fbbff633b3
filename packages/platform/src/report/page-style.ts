/** The report's style sheet: light and dark, wide and narrow, on screen and on paper. */

import { chartStyle } from "./charts/chart-style.ts";

export const pageStyle = `${chartStyle}
:root{color-scheme:light dark;--ink:#1c2330;--quiet:#5b6678;--page:#f5f6f8;--card:#fff;--line:#dfe3e9;--usual:#5b8def;--usual-soft:#5b8def2e;--odd:#d6363f;--odd-soft:#d6363f1c;--code:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--quiet:#98a3b5;--page:#12161d;--card:#1a2029;--line:#2c3542;--usual:#6f9df5;--usual-soft:#6f9df52e;--odd:#ff6b6b;--odd-soft:#ff6b6b24;--code:#232b37}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 4px;font-weight:680;letter-spacing:-.02em}
h1 em{font-style:normal;color:var(--odd)}
h2{font-size:17px;margin:0 0 4px;font-weight:640}
p{margin:0}
.quiet{color:var(--quiet)}
.small{font-size:13px}
.facts{display:flex;flex-wrap:wrap;gap:10px 28px;margin:20px 0 24px;padding:0}
.facts div{min-width:0}
.facts dt{font-size:12px;color:var(--quiet)}
.facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;margin:0 0 18px;min-width:0}
.card>h2+p{margin-bottom:12px}
.pair{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,3fr);gap:18px}
.pair .card{margin-bottom:18px}
.scatter{max-width:680px}
.bars{display:grid;gap:9px}
.bar-row{display:grid;grid-template-columns:minmax(70px,10em) 1fr 3.2em;gap:10px;align-items:center;font-size:14px}
.bar-name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bar-track{background:var(--usual-soft);border-radius:5px;height:14px;display:block}
.bar{background:var(--usual);border-radius:5px;height:14px;display:block;min-width:3px}
.bar-value{text-align:right;font-variant-numeric:tabular-nums;color:var(--quiet)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-size:12px;font-weight:600;color:var(--quiet);text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:10px 12px 10px 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child>*{border-bottom:0}
td.number,th.number{text-align:right}
td.score{white-space:nowrap;font-weight:600}
tr.anomaly td.score{color:var(--odd)}
.name{font-weight:600;overflow-wrap:anywhere}
.roc{max-width:320px}.roc-pair{grid-template-columns:minmax(0,340px) minmax(0,1fr)}
td.number{white-space:nowrap}
.top .name{min-width:8em;max-width:15em}
.top .views{display:block;max-width:9em}
.tag{display:inline-block;border-radius:20px;padding:1px 9px;font-size:12px;background:var(--usual-soft)}
.tag.odd{background:var(--odd-soft);color:var(--odd)}
.figures{display:flex;flex-wrap:wrap;gap:20px 32px;margin:8px 0 16px}
.figures b{display:block;font-size:24px;font-weight:660}
.confusion{width:auto}
.confusion td,.confusion th{padding:6px 18px 6px 0}
pre{background:var(--code);border-radius:8px;padding:12px 14px;margin:6px 0 16px;overflow-x:auto;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
details{margin-top:6px}summary{cursor:pointer;color:var(--quiet)}
.columns td,.columns th{padding:5px 14px 5px 0;font-size:14px}
footer{color:var(--quiet);font-size:13px;margin-top:8px}
@media (max-width:900px){.pair{grid-template-columns:minmax(0,1fr);gap:0}.roc-pair{grid-template-columns:minmax(0,1fr)}}
@media (max-width:560px){main{padding:20px 12px 40px}.confusion td,.confusion th{white-space:normal;padding-right:14px}.confusion tr>:last-child{padding-right:0}.card{padding:14px;border-radius:10px}h1{font-size:24px}
.top .name{max-width:none}.top thead{display:none}.top,.top tbody,.top tr,.top td{display:block;width:100%}.top tr{border-bottom:1px solid var(--line);padding:10px 0}.top tr:last-child{border-bottom:0}.top td{border:0;padding:0 0 2px;text-align:left}.top td.inline{display:inline-block;width:auto;margin-right:12px}.top td[data-label]::before{content:attr(data-label) " ";color:var(--quiet);font-weight:400}.top .reasons{margin-top:6px}}
@media print{body{background:#fff}.card{break-inside:avoid;border-color:#ccc}main{max-width:none;padding:0}}
`;
