// Colours for numbers, worked out in OKLCh (Ottosson 2020) so that equal steps of a number look equally large: lightness is
// linear in it, hue and chroma only help the eye.

/**
 * `heat`: from dark violet over red to light yellow. `diverging`: blue below 0, light at 0, red above. `grey`: from black to
 * white, 0 in the middle where some are negative.
 */
export type HeatColours = 'heat' | 'diverging' | 'grey';

const STEPS = 255;

/** RGB values from 0 to 255 for numbers from the smallest to the largest; an odd count, so that the middle is one of them. */
export function colourTable(colours: HeatColours): Float32Array {
  const table = new Float32Array(3 * STEPS);
  for (let i = 0; i < STEPS; i++) {
    const share = i / (STEPS - 1);
    table.set(colours === 'grey' ? [255 * share, 255 * share, 255 * share] : rgbOf(colours, share), 3 * i);
  }
  return table;
}

function rgbOf(colours: 'heat' | 'diverging', share: number): readonly number[] {
  if (colours === 'heat') {
    // From violet (290°) through red (30°) to yellow (105°); most colourful in the middle.
    const hue = 290 + 175 * share;
    return inGamut(0.15 + 0.8 * share, 0.05 + 0.15 * Math.sin(Math.PI * share ** 0.9), hue);
  }
  const signed = 2 * share - 1;
  const far = Math.abs(signed);
  return inGamut(0.97 - 0.5 * far, 0.19 * far, signed < 0 ? 258 : 27);
}

/** sRGB of a colour, or of the most colourful one of its lightness and hue that a screen can show. */
function inGamut(lightness: number, chroma: number, hue: number): readonly number[] {
  let [shown, outside] = [0, chroma];
  let colour = linearRgb(lightness, chroma, hue);
  if (!isShown(colour)) {
    for (let round = 0; round < 20; round++) {
      const middle = (shown + outside) / 2;
      if (isShown(linearRgb(lightness, middle, hue))) shown = middle;
      else outside = middle;
    }
    colour = linearRgb(lightness, shown, hue);
  }
  return colour.map((value) => {
    const v = Math.min(1, Math.max(0, value));
    return 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  });
}

const isShown = (colour: readonly number[]) => colour.every((value) => value > -1e-6 && value < 1 + 1e-6);

/** Linear sRGB of a colour in OKLCh, the hue in degrees. */
function linearRgb(lightness: number, chroma: number, hue: number): readonly number[] {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}
