// The losses of a training as they come in, drawn as two lines.

const NAMESPACE = 'http://www.w3.org/2000/svg';
const ROOM = { left: 48, right: 12, top: 14, bottom: 26, width: 640, height: 220 };
/** Share of the last mean that a new batch takes over: single batches jump. */
const SMOOTHING = 0.1;

/** A curve to add points to. */
export interface LiveCurve {
  reset(epochs: number): void;
  /** A batch is over; `at` in epochs from 0. */
  batch(at: number, loss: number): void;
  /** An epoch is over. */
  epoch(at: number, validationLoss: number | undefined): void;
}

/** Draws into `svg`. */
export function liveCurve(svg: SVGSVGElement): LiveCurve {
  let epochs = 1;
  let training: [at: number, loss: number][] = [];
  let validation: [at: number, loss: number][] = [];
  let mean = Number.NaN;
  let pending = false;

  const draw = () => {
    pending = false;
    const losses = [...training, ...validation].map(([, loss]) => loss);
    const highest = Math.max(...losses, 1e-6);
    const x = (at: number) => ROOM.left + (at / epochs) * (ROOM.width - ROOM.left - ROOM.right);
    const y = (loss: number) =>
      ROOM.height - ROOM.bottom - (loss / highest) * (ROOM.height - ROOM.top - ROOM.bottom);
    const line = (points: readonly [number, number][], id: string, color: string) => {
      const at = points.map(([where, loss]) => `${x(where).toFixed(1)},${y(loss).toFixed(1)}`).join(' ');
      return element('polyline', { id, points: at, stroke: color });
    };
    const text = (content: string, attributes: Record<string, string | number>) => {
      const node = element('text', attributes);
      node.textContent = content;
      return node;
    };
    svg.replaceChildren(
      line(training, 'training-line', '#2f7ed8'),
      line(validation, 'validation-line', '#e07b1a'),
      text(highest.toPrecision(3), { x: ROOM.left - 6, y: ROOM.top + 4, 'text-anchor': 'end' }),
      text('0', { x: ROOM.left - 6, y: ROOM.height - ROOM.bottom + 4, 'text-anchor': 'end' }),
      text(`${epochs} epochs`, { x: ROOM.width - ROOM.right, y: ROOM.height - 8, 'text-anchor': 'end' }),
      text('loss: training (blue), validation (orange)', { x: ROOM.left, y: ROOM.height - 8 }),
    );
  };
  // At most once a frame: batches come faster than anyone looks.
  const redraw = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(draw);
  };

  return {
    reset(count) {
      epochs = count;
      training = [];
      validation = [];
      mean = Number.NaN;
      redraw();
    },
    batch(at, loss) {
      if (!Number.isFinite(loss)) return;
      mean = Number.isNaN(mean) ? loss : (1 - SMOOTHING) * mean + SMOOTHING * loss;
      training.push([at, mean]);
      redraw();
    },
    epoch(at, validationLoss) {
      if (validationLoss !== undefined) validation.push([at, validationLoss]);
      redraw();
    },
  };
}

function element(name: string, attributes: Record<string, string | number>): SVGElement {
  const node = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
