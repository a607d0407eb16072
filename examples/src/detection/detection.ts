// A two-stage detector on drawn scenes of a coast: how well it finds boats, buoys and birds on kinds of pictures that get
// harder, after training on all of them.

import { seedSpread } from '@tidecast/eval';
import { spreadChart } from '@tidecast/eval/report';
import { adam, fit } from '@tidecast/train';
import {
  createDetector,
  type Detector,
  detect,
  detectorTraining,
  type GroundTruth,
  generateScene,
  meanAveragePrecision,
  SCENE_CLASSES,
  SCENE_KINDS,
  type Scene,
} from '@tidecast/vision';
import type { Example } from '../example.ts';

type Kind = (typeof SCENE_KINDS)[number];

/** Scores of one detector on the held-out scenes of one kind. */
interface Scored {
  seed: number;
  kind: Kind;
  /** COCO's AP, over IoU 0.50 … 0.95, and at 0.50 alone. */
  ap: number;
  ap50: number;
}

/** Scenes of all kinds in turn, none drawn twice for different `from`. */
function scenesFrom(from: number, count: number): { kind: Kind; scene: Scene }[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = SCENE_KINDS[i % SCENE_KINDS.length]!;
    return { kind, scene: generateScene({ seed: from + i, kind }) };
  });
}

function score(detector: Detector, scenes: readonly Scene[]) {
  const truths = scenes.flatMap(({ boxes, labels, ignore }, image) =>
    boxes.map((box, i): GroundTruth => ({ image, box, label: labels[i]!, ignore: ignore[i]! })),
  );
  return meanAveragePrecision(
    truths,
    scenes.flatMap(({ image }, name) => detect(detector, image, { name })),
  );
}

const spread = (scored: readonly Scored[], kind: Kind, what: 'ap' | 'ap50') =>
  seedSpread(
    scored.filter((each) => each.kind === kind).map((each) => ({ seed: each.seed, value: each[what] })),
    { better: 'higher' },
  );

/** The example. */
export const detectionExample: Example = {
  title: 'A two-stage detector on drawn scenes: plain, crowded, dark and overexposed ones',
  source:
    'Faster R-CNN (Ren, He, Girshick and Sun 2015) with RoI Align (He et al. 2017), trained in one piece on scenes of all ' +
    'kinds. The bar is our own: nobody else has these scenes.',
  async run({ seeds, quick, progress, signal }) {
    const [trainCount, testCount, epochs] = quick ? [8, 16, 2] : [600, 400, 15];
    const test = scenesFrom(1_000_000, testCount);
    const scored: Scored[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const train = scenesFrom(seed * 10_000, trainCount).map(({ scene }) => scene);
      const detector = createDetector({ classes: SCENE_CLASSES, input: [96, 96, 3] }, { seed });
      try {
        const { model, samples, loss } = detectorTraining(detector, train, {
          transforms: [{ type: 'flip' }],
        });
        await fit(model, samples, {
          ...{ loss, optimizer: adam({ learningRate: 0.002 }), schedule: { type: 'cosine' } },
          ...{ epochs, batchSize: 8, clip: { norm: 10 }, seed, signal },
          onProgress(event) {
            if (event.kind !== 'epoch') return;
            progress(`seed ${seed}, epoch ${event.epoch}: loss ${event.loss.toFixed(3)}`);
          },
        });
        for (const kind of SCENE_KINDS) {
          const scenes = test.filter((each) => each.kind === kind).map(({ scene }) => scene);
          const { mean: ap, at50: ap50 } = score(detector, scenes);
          scored.push({ seed, kind, ap, ap50 });
          progress(`seed ${seed}, ${kind}: AP ${ap.toFixed(3)}, AP50 ${ap50.toFixed(3)}`);
        }
      } finally {
        detector.dispose();
      }
    }
    const figure = (kind: Kind) => {
      const [ap50, ap] = [spread(scored, kind, 'ap50'), spread(scored, kind, 'ap')];
      return `AP50 ${ap50.mean.toFixed(2)} ± ${ap50.sd.toFixed(2)}, AP ${ap.mean.toFixed(2)} ± ${ap.sd.toFixed(2)}`;
    };
    const plain = spread(scored, 'plain', 'ap50').mean;
    return {
      claims: SCENE_KINDS.map((kind) => ({
        method: `Detection: ${kind} scenes`,
        figure: figure(kind),
        bar: kind === 'plain' ? 'AP50 of 0.7' : `half the AP50 of plain scenes, ${(plain / 2).toFixed(2)}`,
        met: spread(scored, kind, 'ap50').mean >= (kind === 'plain' ? 0.7 : plain / 2),
      })),
      rows: scored.map((each) => ({ ...each })),
      charts: [
        {
          name: 'detection',
          caption:
            `Average precision on ${testCount / SCENE_KINDS.length} held-out scenes of each kind after training on ` +
            `${trainCount} of all kinds: over IoU 0.50 to 0.95 (AP) and at 0.50 (AP50).`,
          spec: spreadChart({
            title: 'What a two-stage detector finds',
            x: 'Average precision, mean ± sd over seeds',
            rows: SCENE_KINDS.flatMap((kind) => [
              { name: kind, group: 'AP50', ...pick(spread(scored, kind, 'ap50')) },
              { name: kind, group: 'AP', ...pick(spread(scored, kind, 'ap')) },
            ]),
          }),
        },
      ],
    };
  },
};

function pick({ mean, sd }: { mean: number; sd: number }) {
  return { mean, sd };
}
