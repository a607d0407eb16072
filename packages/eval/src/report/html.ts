// HTML as a value apart from text, so that text is always escaped and markup never twice. Names of stations,
// files and models come from outside; none of them can become markup by being forgotten.

/** A piece of finished markup. Made by {@link html}; a plain string is text, not markup. */
export interface Html {
  readonly html: string;
}

/** What may stand in a report: text and numbers (escaped), markup, or a list of these. */
export type Content = string | number | Html | readonly Content[];

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** `text` with `& < > " '` as entities, safe inside elements and quoted attributes; control characters go. */
export function escapeHtml(text: string): string {
  return text.replace(controls, '').replace(/[&<>"']/g, (c) => entities[c]!);
}

/** The markup of some content: text escaped, markup as it is. */
export function render(content: Content): string {
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return escapeHtml(String(content));
  if ('html' in content) return content.html;
  return content.map(render).join('');
}

/** Template tag: the literal parts are markup, every value in it is {@link Content}. */
export function html(markup: TemplateStringsArray, ...values: Content[]): Html {
  let text = markup[0]!;
  for (const [i, value] of values.entries()) text += render(value) + markup[i + 1]!;
  return { html: text };
}

/** `value` with a fixed number of decimals and a true minus sign; an en dash where it is missing. */
export function formatNumber(value: number, decimals = 2): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A time [ms] as `2017-09-08 06:00 UTC`, or without the hour where `dateOnly`. */
export function formatTime(time: number, { dateOnly = false }: { dateOnly?: boolean } = {}): string {
  if (!(Math.abs(time) <= 8.64e15)) return '–';
  const text = new Date(time).toISOString();
  return dateOnly ? text.slice(0, -14) : `${text.slice(0, -14)} ${text.slice(-13, -8)} UTC`;
}
