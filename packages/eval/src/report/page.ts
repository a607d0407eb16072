// The building blocks of a report: one file, readable without network and without JavaScript, on a screen in
// light or dark and on paper.

import { type Content, type Html, html } from './html.ts';
import { stylesheet } from './style.ts';

/** A column of a table. */
export interface Column {
  header: Content;
  /** Numbers read best to the right, which is the default for all but the first column. */
  align?: 'left' | 'right';
}

/** A table; the first column names the rows. @throws if a row has another number of cells than there are columns. */
export function table(parts: {
  columns: readonly (string | Column)[];
  rows: readonly (readonly Content[])[];
  caption?: Content;
}): Html {
  const columns = parts.columns.map((column) => (typeof column === 'string' ? { header: column } : column));
  const sides = columns.map(
    (column, i) => ('align' in column && column.align) || (i === 0 ? 'left' : 'right'),
  );
  const head = columns.map((column, i) => html`<th scope="col" class="${sides[i]!}">${column.header}</th>`);
  const body = parts.rows.map((row, r) => {
    if (row.length !== columns.length) {
      throw new Error(`table: row ${r} must have ${columns.length} cells, got ${row.length}.`);
    }
    const cells = row.map((cell, i) =>
      i === 0
        ? html`<th scope="row" class="${sides[i]!}">${cell}</th>`
        : html`<td class="${sides[i]!}">${cell}</td>`,
    );
    return html`<tr>${cells}</tr>\n`;
  });
  const caption = parts.caption === undefined ? '' : html`<caption>${parts.caption}</caption>`;
  return html`<div class="table"><table>${caption}
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

/** A paragraph. */
export function paragraph(content: Content): Html {
  return html`<p>${content}</p>
`;
}

/** A chart or other markup with a caption under it. */
export function figure(content: Html, caption?: Content): Html {
  const line = caption === undefined ? '' : html`<figcaption>${caption}</figcaption>`;
  return html`<figure>${content}${line}</figure>
`;
}

/** Content side by side where there is room (charts of up to 380 px each), below each other where there is not. */
export function columns(parts: readonly Content[]): Html {
  return html`<div class="columns">${parts.map((part) => html`<div>${part}</div>`)}</div>
`;
}

/** Large figures with a name each, for the top of a report. */
export function keyFigures(figures: readonly { label: Content; value: Content; note?: Content }[]): Html {
  return html`<dl class="key">${figures.map(
    ({ label, value, note }) =>
      html`<div><dt>${label}</dt><dd>${value}</dd>${note === undefined ? '' : html`<dd class="note">${note}</dd>`}</div>`,
  )}</dl>
`;
}

/** Content that is folded away until it is asked for; opens without JavaScript. */
export function details(summary: Content, content: Content): Html {
  return html`<details><summary>${summary}</summary>${content}</details>
`;
}

/** A note that must not be overlooked, for example that the data are synthetic. */
export function notice(content: Content): Html {
  return html`<p class="notice" role="note">${content}</p>
`;
}

/** A section under its heading. */
export function section(title: Content, content: Content): Html {
  return html`<section><h2>${title}</h2>
${content}</section>
`;
}

/** A whole page as one HTML document, with nothing to load. */
export function page(parts: {
  title: string;
  /** Shown under the title. */
  subtitle?: Content;
  sections: readonly Content[];
  footer?: Content;
  /** Language of the text (BCP 47); default `en`. */
  language?: string;
}): string {
  const { title, subtitle, sections, footer, language = 'en' } = parts;
  const style: Html = { html: stylesheet };
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1>
${subtitle === undefined ? '' : html`<p class="subtitle">${subtitle}</p>`}</header>
<main>
${sections}</main>
${footer === undefined ? '' : html`<footer>${footer}</footer>`}
</body>
</html>
`.html;
}
