// A small IONEX text written line by line, independent of the library's own writer, for tests to damage.

/** What to put in. */
export interface MakeOptions {
  latitudes?: [first: number, last: number, step: number];
  longitudes?: [first: number, last: number, step: number];
  heights?: [first: number, last: number, step: number];
  epochs?: string[];
  kinds?: ('TEC' | 'RMS' | 'HEIGHT')[];
  /** The number that is written for a point. */
  value?: (kind: string, map: number, layer: number, row: number, column: number) => number;
  interval?: number;
  dimension?: number;
}

/** `content` with its label in column 61. */
export function labelLine(content: string, label: string): string {
  return content.padEnd(60) + label.padEnd(20);
}

const i6 = (value: number) => String(value).padStart(6);
const f6 = (value: number) => value.toFixed(1).padStart(6);

/** A time as six integers: `epoch(2020, 1, 8, 24)`. */
export function epoch(...parts: number[]): string {
  return [...parts, 0, 0, 0, 0].slice(0, 6).map(i6).join('');
}

function points([first, last, step]: [number, number, number]): number[] {
  const count = step === 0 ? 1 : Math.round((last - first) / step) + 1;
  return Array.from({ length: count }, (_, i) => first + i * step);
}

/** The lines of a file of 3 × 4 points and two maps, unless said otherwise. */
export function makeIonex(options: MakeOptions = {}): string[] {
  const {
    latitudes = [20, -20, -20],
    longitudes = [-180, 90, 90],
    heights = [450, 450, 0],
    epochs = [epoch(2020, 1, 8, 0), epoch(2020, 1, 8, 2)],
    kinds = ['TEC'],
    value = (_, map, layer, row, column) => map * 1000 + layer * 100 + row * 10 + column,
    interval = 7200,
    dimension = heights[2] === 0 ? 2 : 3,
  } = options;
  const lines = [
    labelLine('     1.0            IONOSPHERE MAPS     GPS', 'IONEX VERSION / TYPE'),
    labelLine('maker               tests               01-JAN-20 00:00', 'PGM / RUN BY / DATE'),
    labelLine('a file for tests', 'DESCRIPTION'),
    labelLine(epochs[0] ?? '', 'EPOCH OF FIRST MAP'),
    labelLine(epochs[epochs.length - 1] ?? '', 'EPOCH OF LAST MAP'),
    labelLine(i6(interval), 'INTERVAL'),
    labelLine(i6(epochs.length), '# OF MAPS IN FILE'),
    labelLine('  COSZ', 'MAPPING FUNCTION'),
    labelLine('    10.0', 'ELEVATION CUTOFF'),
    labelLine('carrier phase', 'OBSERVABLES USED'),
    labelLine('   170', '# OF STATIONS'),
    labelLine('    31', '# OF SATELLITES'),
    labelLine('  6371.0', 'BASE RADIUS'),
    labelLine(i6(dimension), 'MAP DIMENSION'),
    labelLine(`  ${heights.map(f6).join('')}`, 'HGT1 / HGT2 / DHGT'),
    labelLine(`  ${latitudes.map(f6).join('')}`, 'LAT1 / LAT2 / DLAT'),
    labelLine(`  ${longitudes.map(f6).join('')}`, 'LON1 / LON2 / DLON'),
    labelLine('    -1', 'EXPONENT'),
    labelLine('', 'END OF HEADER'),
  ];
  for (const kind of kinds) {
    epochs.forEach((time, map) => {
      lines.push(labelLine(i6(map + 1), `START OF ${kind} MAP`), labelLine(time, 'EPOCH OF CURRENT MAP'));
      points(heights).forEach((height, layer) => {
        points(latitudes).forEach((latitude, row) => {
          const numbers = [latitude, ...longitudes, height];
          lines.push(labelLine(`  ${numbers.map(f6).join('')}`, 'LAT/LON1/LON2/DLON/H'));
          const fields = points(longitudes).map((_, column) =>
            String(value(kind, map, layer, row, column)).padStart(5),
          );
          for (let i = 0; i < fields.length; i += 16) lines.push(fields.slice(i, i + 16).join(''));
        });
      });
      lines.push(labelLine(i6(map + 1), `END OF ${kind} MAP`));
    });
  }
  lines.push(labelLine('', 'END OF FILE'));
  return lines;
}

/** Position of the first line that holds `text`, from `from` on. */
export function find(lines: readonly string[], text: string, from = 0): number {
  const at = lines.findIndex((line, i) => i >= from && line.includes(text));
  if (at < 0) throw new Error(`no line holds '${text}'`);
  return at;
}

/** A copy of `lines` with `count` lines at the first one that holds `text` replaced. */
export function edit(
  lines: readonly string[],
  text: string,
  change: (line: string) => string | string[],
): string[] {
  const at = find(lines, text);
  const changed = change(lines[at]!);
  return [...lines.slice(0, at), ...(Array.isArray(changed) ? changed : [changed]), ...lines.slice(at + 1)];
}

/** The text of a file. */
export function join(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
