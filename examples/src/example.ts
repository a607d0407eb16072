// What an example is: one method of training shown at work, as numbers, a plot, and a bar it has to meet.

import type { ChartSpec } from '@tidecast/eval/report';

/** How an example is run. */
export interface ExampleOptions {
  /** Seeds 1 … seeds wherever something is random. */
  seeds: number;
  /** A short run that only shows that everything works; its figures mean nothing. */
  quick: boolean;
  /** Folder of real data, for the examples that need some. */
  data?: string;
  /** Tells what is under way. */
  progress(message: string): void;
  signal: AbortSignal;
}

/** One line of the table of methods. */
export interface Claim {
  /** The method, for example `Focal loss`. */
  method: string;
  /** What came out, with its unit and its spread over seeds. */
  figure: string;
  /** What it is held against: published, or known by theory. */
  bar: string;
  met: boolean;
}

/** A plot. */
export interface ExampleChart {
  /** Name of its file, without extension; the first chart has the name of the example. */
  name: string;
  caption: string;
  spec: ChartSpec;
}

/** What an example found. */
export interface ExampleResult {
  claims: readonly Claim[];
  /** The numbers behind: flat rows of one table. */
  rows: readonly Readonly<Record<string, string | number | boolean>>[];
  charts: readonly ExampleChart[];
}

/** A runnable example. */
export interface Example {
  /** What it shows, as one sentence. */
  title: string;
  /** Where the method and the bar come from. */
  source: string;
  /** True where it needs `data`. */
  needsData?: boolean;
  run(options: ExampleOptions): Promise<ExampleResult>;
}
