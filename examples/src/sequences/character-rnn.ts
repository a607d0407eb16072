// A network that reads and writes text letter by letter: trained on every step of a long text, with carried states.

import { createRandom, type NdArray, type Samples } from '@tidecast/data';
import { formatSeedSpread, seedSpread } from '@tidecast/eval';
import { type ChartSpec, modelColors } from '@tidecast/eval/report';
import { createModel, dense, embedding, lstm, network } from '@tidecast/models';
import { adam, crossEntropy, fit, generate, sampleSoftmax, streams } from '@tidecast/train';
import type { Example, ExampleOptions } from '../example.ts';
import { grammaticalShare, harbourText } from './harbour-text.ts';
import { bigramLogits, letterEntropies } from './letter-statistics.ts';

const temperatures = [0.25, 0.5, 0.75, 1, 1.25];

interface Trained {
  seed: number;
  /** Validation loss after each epoch [nats a letter]. */
  losses: number[];
  written: { temperature: number; grammatical: number; text: string }[];
}

/** Two stacked LSTMs over an embedding learn a text with nested clauses, and write it. */
export const characterRnn: Example = {
  title: 'Generation: a character RNN with carried states and temperature sampling',
  source:
    'Graves 2013, arXiv:1308.0850 (stacked LSTMs that write); Williams and Peng 1990 (truncated BPTT with carried states). ' +
    'The text is written by a seeded grammar, so its own entropy is known.',
  async run(options) {
    const { quick, seeds } = options;
    const training = harbourText(quick ? 4000 : 150_000, 1);
    const heldOut = harbourText(quick ? 1000 : 20_000, 2);
    const letters = [...new Set(training.text)].sort();
    const codesOf = (text: string) => Array.from(text, (letter) => letters.indexOf(letter));
    const codes = codesOf(heldOut.text);
    const bars = {
      ...letterEntropies(codes, letters.length),
      grammar: heldOut.surprise / heldOut.text.length,
    };
    const data = {
      letters,
      samples: textStreams(codesOf(training.text), letters.length, 32),
      validation: textStreams(codes, letters.length, 8),
    };
    const runs: Trained[] = [];
    for (let seed = 1; seed <= seeds; seed++) runs.push(await train(data, seed, options));

    const final = seedSpread(runs.map(({ seed, losses }) => ({ seed, value: losses.at(-1)! })));
    const shares = (temperature: number) =>
      seedSpread(
        runs.map(({ seed, written }) => ({
          seed,
          value: written.find((each) => each.temperature === temperature)!.grammatical,
        })),
        { better: 'higher' },
      );
    const bigram = grammaticalShare(bigramText(codes, letters, quick ? 300 : 20_000)) || 0;
    return {
      claims: [
        {
          method: 'Character RNN trained with carried states',
          figure: `${formatSeedSpread(final)} nats a letter on held-out text`,
          bar:
            `below the unigram (${bars.unigram.toFixed(3)}) and bigram entropy (${bars.bigram.toFixed(3)}) of that text; ` +
            `its grammar itself has ${bars.grammar.toFixed(3)}`,
          met: final.worst.value < Math.min(bars.unigram, bars.bigram),
        },
        {
          method: 'Temperature sampling',
          figure: [0.5, 1]
            .map(
              (t) =>
                `${(100 * shares(t).mean || 0).toFixed(1)} % of sentences follow the grammar at temperature ${t}`,
            )
            .join(', '),
          bar: `the surer the lower the temperature, and more than a bigram model writes (${(100 * bigram).toFixed(1)} %)`,
          met: shares(0.5).mean >= shares(1).mean && shares(1).mean > bigram,
        },
      ],
      rows: runs.flatMap(({ seed, losses, written }) =>
        written.map(({ temperature, grammatical, text }) => ({
          seed,
          temperature,
          grammatical: Number((grammatical || 0).toFixed(4)),
          validationLoss: Number(losses.at(-1)!.toFixed(4)),
          unigram: Number(bars.unigram.toFixed(4)),
          bigram: Number(bars.bigram.toFixed(4)),
          grammar: Number(bars.grammar.toFixed(4)),
          text: text.slice(0, 240),
        })),
      ),
      charts: [
        {
          name: 'character-rnn',
          caption:
            'Loss on held-out text by epochs, one line for each seed, and what is known about that text.',
          spec: lossChart(runs, bars),
        },
        {
          name: 'character-rnn-temperature',
          caption:
            'Share of the written sentences that follow the grammar, by temperature; one dot for each seed.',
          spec: temperatureChart(runs),
        },
      ],
    };
  },
};

/** Codes as a stream in which every letter asks for the next one. */
function textStreams(codes: readonly number[], classes: number, batchSize: number): Samples {
  const steps = codes.length - 1;
  const y: NdArray = { data: new Float32Array(steps * classes), shape: [steps, classes] };
  for (let t = 0; t < steps; t++) y.data[t * classes + codes[t + 1]!] = 1;
  return streams(
    { x: { data: Float32Array.from(codes.slice(0, -1)), shape: [steps, 1] }, y },
    { batchSize, steps: 50 },
  );
}

async function train(
  { letters, samples, validation }: { letters: readonly string[]; samples: Samples; validation: Samples },
  seed: number,
  { quick, signal, progress }: ExampleOptions,
): Promise<Trained> {
  const units = quick ? 8 : 64;
  const layers = [
    embedding({ inputs: letters.length, units: 16 }),
    lstm({ units, returnSequences: true }),
    lstm({ units, returnSequences: true }),
    dense({ units: letters.length }),
  ];
  const model = createModel(network({ input: [null, 1], layers }), { seed });
  try {
    const { epochs } = await fit(model, samples, {
      loss: crossEntropy(),
      optimizer: adam({ learningRate: 0.004 }),
      schedule: { type: 'cosine', minimum: 0.0002 },
      clip: { norm: 1 },
      epochs: quick ? 2 : 15,
      batchSize: samples.batchSize!,
      seed,
      validation,
      signal,
    });
    const losses = epochs.map(({ validationLoss }) => validationLoss!);
    progress(`seed ${seed}: ${losses.at(-1)!.toFixed(4)} nats a letter`);
    const written: Trained['written'] = [];
    const prompt = Array.from('. ', (letter) => letters.indexOf(letter));
    for (const temperature of temperatures) {
      const codes = await generate(model, {
        prompt,
        count: quick ? 40 : 3000,
        temperature,
        seed,
        signal,
      });
      const text = Array.from(codes, (code) => letters[code]).join('');
      written.push({ temperature, grammatical: grammaticalShare(`. ${text}`), text });
    }
    return { seed, losses, written };
  } finally {
    model.dispose();
  }
}

/** What a model writes that knows the letter before alone. */
function bigramText(codes: readonly number[], letters: readonly string[], length: number): string {
  const logits = bigramLogits(codes, letters.length);
  const random = createRandom(1, 'bigram');
  let code = codes[0]!;
  let text = '';
  for (let i = 0; i < length; i++) {
    code = sampleSoftmax(logits[code]!, { random });
    text += letters[code];
  }
  return text;
}

function lossChart(runs: readonly Trained[], bars: Record<string, number>): ChartSpec {
  const names = ['bigram', 'unigram', 'grammar'];
  return {
    width: 620,
    height: 280,
    layer: [
      {
        data: {
          values: runs.flatMap(({ seed, losses }) => losses.map((loss, i) => ({ seed, epoch: i + 1, loss }))),
        },
        mark: { type: 'line', strokeWidth: 1.6, color: modelColors(names).bigram },
        encoding: {
          x: { field: 'epoch', type: 'quantitative', title: 'Epoch', axis: { grid: false, tickMinStep: 1 } },
          y: { field: 'loss', type: 'quantitative', title: 'Cross-entropy [nats a letter]' },
          detail: { field: 'seed' },
        },
      },
      {
        data: {
          values: [
            { name: 'unigram entropy', loss: bars.unigram },
            { name: 'bigram entropy', loss: bars.bigram },
            { name: 'entropy of the grammar', loss: bars.grammar },
          ],
        },
        layer: [
          {
            mark: { type: 'rule', strokeDash: [5, 4] },
            encoding: { y: { field: 'loss', type: 'quantitative' } },
          },
          {
            mark: { type: 'text', align: 'right', baseline: 'top', dy: 5, fontSize: 11 },
            encoding: {
              x: { value: 620 },
              y: { field: 'loss', type: 'quantitative' },
              text: { field: 'name', type: 'nominal' },
            },
          },
        ],
      },
    ],
  };
}

function temperatureChart(runs: readonly Trained[]): ChartSpec {
  return {
    width: 620,
    height: 240,
    data: {
      values: runs.flatMap(({ seed, written }) =>
        written.map(({ temperature, grammatical }) => ({
          seed,
          temperature,
          share: 100 * (grammatical || 0),
        })),
      ),
    },
    encoding: {
      x: {
        field: 'temperature',
        type: 'quantitative',
        title: 'Temperature',
        axis: { grid: false, values: temperatures, format: '.2~f' },
      },
      y: {
        field: 'share',
        type: 'quantitative',
        title: 'Grammatical sentences [%]',
        scale: { domain: [0, 100] },
      },
    },
    layer: [
      { mark: { type: 'line', strokeWidth: 2 }, encoding: { y: { field: 'share', aggregate: 'mean' } } },
      { mark: { type: 'point', filled: true, size: 50, opacity: 0.7 } },
    ],
  };
}
