// A box as its offset from an anchor, the four numbers a detector learns (Girshick et al. 2014):
// t_x = (x − x_a)/w_a, t_y = (y − y_a)/h_a, t_w = ln(w/w_a), t_h = ln(h/h_a), with (x, y) the centres.

import type { Box } from './box.ts';

/** Offset of a box from its anchor, `[t_x, t_y, t_w, t_h]`. */
export type BoxCode = readonly [tx: number, ty: number, tw: number, th: number];

/** The largest t_w and t_h that are taken at their word: a box a thousand times its anchor. Keeps exp finite. */
const MAX_LOG_SIZE = Math.log(1000);

/** Codes `box` relative to `anchor`. @throws if one of them has no area. */
export function encodeBox(box: Box, anchor: Box): BoxCode {
  const [x, y, w, h] = centred(box);
  const [xa, ya, wa, ha] = centred(anchor);
  if (!(w > 0 && h > 0 && wa > 0 && ha > 0)) {
    throw new Error(
      `encodeBox: both boxes must have an area, got [${box.join(', ')}] and [${anchor.join(', ')}].`,
    );
  }
  return [(x - xa) / wa, (y - ya) / ha, Math.log(w / wa), Math.log(h / ha)];
}

/** The box that a code means relative to `anchor`; sizes are bounded to a thousand anchors. */
export function decodeBox([tx, ty, tw, th]: BoxCode, anchor: Box): Box {
  const [xa, ya, wa, ha] = centred(anchor);
  const x = xa + tx * wa;
  const y = ya + ty * ha;
  const w = wa * Math.exp(Math.min(tw, MAX_LOG_SIZE));
  const h = ha * Math.exp(Math.min(th, MAX_LOG_SIZE));
  return [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
}

function centred([x0, y0, x1, y1]: Box): [x: number, y: number, width: number, height: number] {
  return [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0];
}
