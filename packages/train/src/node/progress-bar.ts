// Progress of a run on a terminal, and as plain lines where there is none.

import type { ProgressEvent } from '../fit/history.ts';

/** Where progress is written: `process.stderr`, for example. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** How progress is shown. */
export interface ProgressBarOptions {
  /** What stands before the bar, for example the model's name. */
  label?: string;
  /** Off a terminal: epochs between two lines; default: so many that a run gives about ten. */
  every?: number;
}

/** Shortest time [ms] between two drawings on a terminal. */
const REDRAW = 100;

const number = (value: number) => value.toPrecision(4);

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/**
 * A function for `onProgress` that draws one line on a terminal, anew for every change, and leaves the result there.
 * On other streams (files, CI) it writes a plain line now and then.
 */
export function progressBar(
  stream: ProgressStream,
  options: ProgressBarOptions = {},
): (event: ProgressEvent) => void {
  const label = options.label ? `${options.label}  ` : '';
  const clock = { started: 0, drawn: 0, done: 0 };
  let epochs = 0;
  let every = 1;
  let losses = '';

  const draw = (text: string, lineEnd = '') => {
    // Cut to the width: a line that wraps could not be drawn over.
    stream.write(`\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}${lineEnd}`);
    clock.drawn = performance.now();
  };

  const onBatch = (event: Extract<ProgressEvent, { kind: 'batch' }>) => {
    clock.done++;
    if (!stream.isTTY || performance.now() - clock.drawn < REDRAW) return;
    const { epoch, batch, batches } = event;
    const share = batch / batches;
    const bar = '━'.repeat(Math.round(16 * share)).padEnd(16, '─');
    const perStep = (performance.now() - clock.started) / clock.done;
    const left = ((epochs - epoch + 1) * batches - batch) * perStep;
    const shown = losses || `loss ${number(event.loss)}`;
    draw(
      `${label}epoch ${epoch}/${epochs} ${bar} ${shown}  ${perStep.toFixed(1)} ms/step  ${duration(left)} left`,
    );
  };

  return (event) => {
    switch (event.kind) {
      case 'start':
        epochs = event.epochs;
        every = options.every ?? Math.max(1, Math.ceil(epochs / 10));
        clock.started = performance.now();
        clock.done = 0;
        losses = '';
        break;
      case 'batch':
        onBatch(event);
        break;
      case 'epoch': {
        const { epoch, loss, validationLoss } = event;
        losses = `loss ${number(loss)}${validationLoss === undefined ? '' : `  validation ${number(validationLoss)}`}`;
        if (!stream.isTTY && (epoch % every === 0 || epoch === epochs)) {
          stream.write(`${label}epoch ${epoch}/${epochs}  ${losses}\n`);
        }
        break;
      }
      case 'restore':
        losses = `validation ${number(event.validationLoss)} (weights of epoch ${event.epoch})`;
        break;
      case 'end': {
        const { epochs: done, reason } = event.history;
        const why = reason === 'finished' ? 'done' : reason === 'early-stopping' ? 'stopped early' : reason;
        const took = duration(performance.now() - clock.started);
        const text = `${label}${why} after ${done.length} epochs in ${took}  ${losses}`.trimEnd();
        if (stream.isTTY) draw(text, '\n');
        else stream.write(`${text}\n`);
      }
    }
  };
}
