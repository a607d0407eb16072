// The look of a report. Fonts are the reader's own, colours follow the reader's light or dark setting, and
// charts draw in `currentColor`, so that they follow too.

/** The stylesheet of a page. */
export const stylesheet = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff;
  --panel: #f6f8fa; --notice: #8a5a00; --notice-paper: #fff6e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --line: #323a45; --paper: #14181e;
  --panel: #1b2129; --notice: #f0c674; --notice-paper: #2b2414; } }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --panel: #fff; --notice: #000;
  --notice-paper: #fff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  overflow-wrap: anywhere; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 2.4rem 0 0.6rem; padding-top: 0.9rem; border-top: 1px solid var(--line); font-size: 1.15rem; }
h3 { margin: 1.4rem 0 0.3rem; font-size: 1rem; }
p { margin: 0.5rem 0; max-width: 46rem; }
.subtitle { margin-top: 0.3rem; color: var(--soft); }
.notice { margin: 1rem 0; padding: 0.6rem 0.9rem; border-left: 4px solid var(--notice); color: var(--notice);
  background: var(--notice-paper); max-width: none; }
.table { overflow-x: auto; margin: 0.8rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { padding-bottom: 0.35rem; text-align: left; color: var(--soft); }
th, td { padding: 0.25rem 0.75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0.2rem; }
thead th { border-bottom: 1px solid var(--soft); color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; }
.left { text-align: left; }
.right { text-align: right; }
strong { font-weight: 700; }
figure { margin: 0.8rem 0; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption { margin-top: 0.2rem; color: var(--soft); font-size: 0.88rem; max-width: 46rem; }
.columns { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; }
.columns > div { min-width: 0; max-width: 100%; }
.key { display: flex; flex-wrap: wrap; gap: 0.8rem; margin: 1.2rem 0; }
.key > div { padding: 0.6rem 1rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); }
.key dt { color: var(--soft); font-size: 0.82rem; }
.key dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.key dd.note { color: var(--soft); font-size: 0.82rem; font-weight: 400; }
details { margin: 0.6rem 0; }
summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 3rem; padding-top: 0.8rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.85rem; }
footer p { max-width: none; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } h2 { break-after: avoid; }
  figure, tr, .key > div { break-inside: avoid; } .table { overflow: visible; } }
`;
