// How fast does readIonex read, beside a plain split of the same text? Medians of interleaved runs in one process.
//
//   pnpm build && node bench/ionex-speed.mjs <folder of IONEX files> [runs]
//
// Files may be plain, gzip or .Z; they are unpacked beforehand, and those that readIonex refuses are left out.
// `split` makes the same strings a simple reader would, and no numbers of them; `split + Number` also makes the numbers.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decompress, readIonex } from '@tidecast/data';

const [folder, runsText = '9'] = process.argv.slice(2);
const runs = Number(runsText);
if (!folder || !(runs >= 1)) {
  console.error('usage: node bench/ionex-speed.mjs <folder of IONEX files> [runs]');
  process.exit(1);
}

const packed = [];
const plain = [];
for (const name of readdirSync(folder).sort()) {
  try {
    const bytes = readFileSync(join(folder, name));
    const text = decompress(bytes);
    readIonex(text);
    packed.push(bytes);
    plain.push(text);
  } catch (error) {
    console.error(`left out: ${name} (${error.message})`);
  }
}
const texts = plain.map((bytes) => new TextDecoder().decode(bytes));
const megabytes = plain.reduce((sum, bytes) => sum + bytes.length, 0) / 1e6;

let sink = 0;
const ways = {
  'readIonex (plain bytes)': () => {
    for (const bytes of plain) sink += readIonex(bytes).maps.tec.values[0];
  },
  'readIonex (plain string)': () => {
    for (const text of texts) sink += readIonex(text).maps.tec.values[0];
  },
  'readIonex (gzip, .Z)': () => {
    for (const bytes of packed) sink += readIonex(bytes).maps.tec.values[0];
  },
  split: () => {
    for (const text of texts) for (const line of text.split('\n')) sink += line.split(/\s+/).length;
  },
  'split + Number': () => {
    for (const text of texts) {
      for (const line of text.split('\n')) for (const word of line.split(/\s+/)) sink += Number(word) || 0;
    }
  },
};

const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let run = 0; run <= runs; run++) {
  for (const [name, way] of Object.entries(ways)) {
    const started = performance.now();
    way();
    // The first round only warms up.
    if (run > 0) times[name].push(performance.now() - started);
  }
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const base = median(times.split);
console.log(
  `${plain.length} files, ${megabytes.toFixed(1)} MB of text, median of ${runs} runs, Node ${process.version}`,
);
for (const [name, values] of Object.entries(times)) {
  const middle = median(values);
  const rate = (megabytes / middle) * 1000;
  console.log(
    `${name.padEnd(26)} ${rate.toFixed(0).padStart(5)} MB/s   ${(base / middle).toFixed(1).padStart(4)} × split`,
  );
}
if (!Number.isFinite(sink)) process.exitCode = 1;
