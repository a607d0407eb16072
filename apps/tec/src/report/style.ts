// One look for all charts: the colour and line of each method, and the settings of vega-lite they share.

import type { Method } from '../forecast/result.ts';

/** A vega-lite specification, or part of one. */
export type Spec = Record<string, unknown>;

/** Colours that stay apart for colour-blind readers (after Okabe and Ito 2008). */
const NETWORKS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9'];
const BASELINES = ['#8a8a8a', '#c49a00', '#6b5b95', '#4d4d4d'];

/** Colour of what was observed. */
export const OBSERVED = '#111111';

/** Colour of each method, and its dash pattern: networks solid, baselines dashed. */
export function methodStyle(methods: readonly Method[]): Map<string, { color: string; dash: number[] }> {
  const counts = { network: 0, baseline: 0 };
  return new Map(
    methods.map(({ name, kind }) => {
      const palette = kind === 'network' ? NETWORKS : BASELINES;
      const color = palette[counts[kind]++ % palette.length]!;
      return [name, { color, dash: kind === 'network' ? [1, 0] : [4, 3] }];
    }),
  );
}

/** vega-lite scales that give each method its colour and dash. */
export function methodScales(methods: readonly Method[], first?: { label: string; color: string }) {
  const styles = methodStyle(methods);
  const labels = methods.map(({ label }) => label);
  const colors = methods.map(({ name }) => styles.get(name)!.color);
  const dashes = methods.map(({ name }) => styles.get(name)!.dash);
  if (first) {
    labels.unshift(first.label);
    colors.unshift(first.color);
    dashes.unshift([1, 0]);
  }
  return {
    color: { domain: labels, range: colors },
    dash: { domain: labels, range: dashes },
  };
}

/** Settings every chart shares. */
export const CHART_CONFIG: Spec = {
  background: null,
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    gridColor: '#e8e8e8',
    domainColor: '#999',
    tickColor: '#999',
    labelColor: '#444',
    titleColor: '#444',
  },
  legend: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: 'normal' },
  title: { fontSize: 12, fontWeight: 600, anchor: 'start', color: '#222' },
};
