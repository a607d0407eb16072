// Entry `@tidecast/eval/report`: building blocks of a report that is one HTML file.

export { type Band, bandChart, coverageChart, pitChart, reliabilityChart } from './report/band-charts.ts';
export { type ChartSpec, chartSvg } from './report/chart-svg.ts';
export {
  barChart,
  histogram,
  histogramChart,
  type Line,
  lineChart,
  modelColors,
  observedColor,
} from './report/charts.ts';
export { confusionChart } from './report/confusion-chart.ts';
export { heatMap } from './report/heat-map.ts';
export {
  type Content,
  escapeHtml,
  formatNumber,
  formatTime,
  type Html,
  html,
  render,
} from './report/html.ts';
export { type LossRun, lossChart } from './report/loss-chart.ts';
export {
  type Column,
  columns,
  details,
  figure,
  keyFigures,
  notice,
  page,
  paragraph,
  section,
  table,
} from './report/page.ts';
export { spreadChart } from './report/spread-chart.ts';
