// Draws a Vega-Lite chart to SVG text, here and now: no canvas, no script in the page, nothing fetched.
// Vega and Vega-Lite are optional peers, loaded when the first chart is drawn.

import { escapeHtml, type Html } from './html.ts';

/** A Vega-Lite specification, as plain data. */
export type ChartSpec = Record<string, unknown>;

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

/** The look that all charts share; it draws in `currentColor`, so that it follows a dark page. */
const theme = {
  background: 'transparent',
  font,
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    tickColor: 'currentColor',
    domainColor: 'currentColor',
    gridColor: 'currentColor',
    gridOpacity: 0.12,
    domainOpacity: 0.5,
    tickOpacity: 0.5,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 600,
    titlePadding: 8,
    labelPadding: 4,
  },
  legend: { labelColor: 'currentColor', titleColor: 'currentColor', labelFontSize: 12, titleFontSize: 12 },
  header: { labelColor: 'currentColor', titleColor: 'currentColor', labelFontSize: 12, titleFontSize: 12 },
  title: { color: 'currentColor', subtitleColor: 'currentColor', fontSize: 14, anchor: 'start', offset: 8 },
  text: { color: 'currentColor' },
  rule: { color: 'currentColor' },
};

/**
 * A Vega-Lite chart as inline SVG. The specification must carry its data; a `url` in it is refused.
 * Identifiers inside are made unique by the content (or by `id`), so that several charts fit on one page.
 * `description` in the specification becomes the text for screen readers.
 * @throws if vega and vega-lite are not installed, or the specification is not a valid chart.
 */
export async function chartSvg(spec: ChartSpec, { id }: { id?: string } = {}): Promise<Html> {
  const { vega, vegaLite } = await loadVega();
  const problems: string[] = [];
  const logger = collectingLogger(problems);
  const refuse = () => {
    problems.push('expected data in the specification, got a link. Put the values in it.');
    return Promise.reject(new Error(problems[0]));
  };
  let svg: string;
  try {
    const { config, ...rest } = spec;
    const compiled = vegaLite.compile(rest as never, {
      config: vega.mergeConfig(theme, (config ?? {}) as object) as never,
      logger: logger as never,
    }).spec;
    const view = new vega.View(vega.parse(compiled), {
      renderer: 'none',
      logger: logger as never,
      loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse, options: {} } as never,
    });
    try {
      await view.runAsync();
      svg = await view.toSVG();
    } finally {
      view.finalize();
    }
  } catch (error) {
    throw new Error(`chartSvg: the specification is not a valid chart: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (problems.length > 0) throw new Error(`chartSvg: ${problems[0]}`);
  const label = typeof spec.description === 'string' ? spec.description : 'chart';
  return { html: ownIdentifiers(labelled(svg, label), id ?? `c${hash(svg)}`) };
}

async function loadVega() {
  try {
    const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
    return { vega, vegaLite };
  } catch (cause) {
    throw new Error('chartSvg: charts need two more packages. Run: npm install vega vega-lite', { cause });
  }
}

/** Keeps what Vega would print; an error in a chart must not end on a console. */
function collectingLogger(problems: string[]) {
  const logger = {
    level: () => logger,
    warn: () => logger,
    info: () => logger,
    debug: () => logger,
    error(...messages: unknown[]) {
      problems.push(messages.map(messageOf).join(' '));
      return logger;
    },
  };
  return logger;
}

/** Gives the drawing a role and a text for those who cannot see it. */
function labelled(svg: string, label: string): string {
  return svg.replace(/^<svg /, `<svg role="img" aria-label="${escapeHtml(label)}" `);
}

/** Puts `prefix` before every id and every reference to one. Text cannot match: in it `<` and `"` are escaped. */
function ownIdentifiers(svg: string, prefix: string): string {
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ id="([^"]*)"/g, ` id="${prefix}-$1"`)
      .replace(/url\(#([^)]*)\)/g, `url(#${prefix}-$1)`)
      .replace(/((?:xlink:)?href)="#([^"]*)"/g, `$1="#${prefix}-$2"`),
  );
}

/** 32-bit FNV-1a of `text`, in base 36. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
