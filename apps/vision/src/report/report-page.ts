// The report of a training as one HTML file that needs neither network nor scripts.

import { classScores, confusionMatrix, mostLikely, probabilityReliability } from '@tidecast/eval';
import {
  type ChartSpec,
  type Content,
  chartSvg,
  columns,
  confusionChart,
  details,
  figure,
  formatNumber,
  formatTime,
  keyFigures,
  lossChart,
  notice,
  page,
  paragraph,
  reliabilityChart,
  section,
  table,
} from '@tidecast/eval/report';
import { summarize } from '@tidecast/models';
import { contactSheet, type FeatureMaps, featureMaps, filterImages, mapImages } from '@tidecast/vision';
import type { TrainingRun } from '../training/training-run.ts';
import { gallery, pictureHtml } from './pictures.ts';

/** What the report says about itself. */
export interface ReportFacts {
  /** Time of the report [ms UTC]. */
  made: number;
  /** True where the pictures were made up. */
  synthetic: boolean;
}

/** The whole report. */
export async function reportPage(run: TrainingRun, { made, synthetic }: ReportFacts): Promise<string> {
  const { classifier, test, options, history } = run;
  const { classes } = classifier;
  const chart = async (spec: ChartSpec, caption?: Content) => figure(await chartSvg(spec), caption);
  const matrix = confusionMatrix(mostLikely(test.probabilities, classes.length), test.labels, {
    classes: classes.length,
  });
  const tested = test.labels.length;
  return page({
    title: 'Picture classifier',
    subtitle: `${classes.length} classes: ${classes.slice(0, 12).join(', ')}${classes.length > 12 ? ', …' : ''}`,
    sections: [
      synthetic ? notice('SYNTHETIC: these pictures were drawn by a seeded generator.') : [],
      keyFigures([
        { label: 'accuracy on the test part', value: percent(test.accuracy), note: `of ${tested} pictures` },
        {
          label: 'mean recall of the classes',
          value: percent(test.balancedAccuracy),
          note: 'every class counts the same',
        },
        {
          label: 'calibration error',
          value: percent(test.calibrationError),
          note: `${percent(test.rawCalibrationError)} before temperature ${formatNumber(classifier.temperature)}`,
        },
        {
          label: 'parameters',
          value: summarize(classifier.model).parameters.toLocaleString('en'),
          note: options.network,
        },
      ]),
      section('How to read this', [
        paragraph(
          `The network learned from ${sum(run.counts.train)} pictures. ${sum(run.counts.validation)} others chose the epoch ` +
            `(${history.bestEpoch ?? history.epochs.length} of ${history.epochs.length}) and the temperature. The scores are of ` +
            `${tested} more that it met only once, at the end.`,
        ),
      ]),
      section('Training', [
        await chart(
          lossChart({ runs: [{ name: options.network, epochs: history.epochs }], title: 'Cross-entropy' }),
          options.mixup > 0 || options.augmentation.length > 0
            ? 'The training loss is that of augmented pictures, which are harder than the plain ones of validation.'
            : undefined,
        ),
        figure(
          pictureHtml(run.augmented, { alt: 'Training pictures' }),
          'Pictures as training gets them: one in a column, drawn three times.',
        ),
      ]),
      section('Which classes are taken for which', [
        columns([await chart(confusionChart({ matrix, names: classes })), classTable(classes, matrix)]),
      ]),
      section('How sure it is, and how right', [
        await chart(
          reliabilityChart({
            curves: [
              curve('as trained', test.rawProbabilities, run),
              curve('with temperature', test.probabilities, run),
            ],
            x: 'Probability of the likeliest class',
            y: 'Share that was right',
          }),
          'On the diagonal, what is said with 80 % is right in 80 % of the cases. Few pictures make it jump.',
        ),
      ]),
      section('The most confident mistakes', [
        run.wrong.length === 0
          ? paragraph('There are none in the test part.')
          : gallery(run.wrong, classes, run.explainedBy),
      ]),
      section('Some right ones', [gallery(run.right, classes, run.explainedBy)]),
      ...(await insideSections(run)),
      section('Data and provenance', [
        table({
          columns: ['class', 'training', 'validation', 'test'],
          rows: classes.map((name, k) => [
            name,
            run.counts.train[k]!,
            run.counts.validation[k]!,
            run.counts.test[k]!,
          ]),
        }),
        run.refused.length > 0
          ? details(
              `${run.refused.length} pictures were left out`,
              table({
                columns: ['file', 'reason'],
                rows: run.refused.map(({ path, reason }) => [path, reason]),
              }),
            )
          : [],
        details('Network', networkTable(run)),
        details('Settings', settingsTable(run)),
      ]),
    ],
    footer: `Made by tidecast-vision on ${formatTime(made)}, seed ${options.seed}, backend ${run.backend}, ${formatNumber(run.seconds, 0)} s.`,
  });
}

/** What is inside: the filters of the first layer, and the maps of one picture. Nothing for networks without any. */
async function insideSections({ classifier, right }: TrainingRun): Promise<Content[]> {
  const { model, normalise } = classifier;
  const first = summarize(model).rows.find(({ outputShape }) => outputShape.length === 3);
  const [shown] = right;
  if (!first || !shown) return [];
  const maps = featureMaps(model, shown.image, { normalise });
  return [
    section('What is inside', [
      ...(first.type === 'cnn2d'
        ? [
            figure(
              pictureHtml(contactSheet(filterImages(model, first.name), { zoom: 8 }), {
                alt: `Filters of ${first.name}`,
              }),
              `The filters of the first layer, ${first.name}.`,
            ),
          ]
        : []),
      paragraph('What some layers make of this picture:'),
      pictureHtml(shown.image, { alt: shown.path, width: 96 }),
      ...maps.slice(0, 4).map((each) =>
        figure(
          pictureHtml(contactSheet(mapImages(each).slice(0, 32), { columns: 16, zoom: zoomOf(each) }), {
            alt: `Maps of ${each.layer}`,
          }),
          `${each.layer}: ${each.channels} maps of ${each.height} × ${each.width}.`,
        ),
      ),
    ]),
  ];
}

/** Small maps are drawn large enough to see. */
const zoomOf = ({ width }: FeatureMaps) => Math.max(1, Math.round(40 / width));

function curve(name: string, probabilities: Float32Array, { test, classifier }: TrainingRun) {
  const bins = probabilityReliability(probabilities, test.labels, { classes: classifier.classes.length });
  return {
    name,
    said: bins.map(({ probability }) => probability),
    happened: bins.map(({ frequency }) => frequency),
  };
}

function classTable(classes: readonly string[], matrix: ReturnType<typeof confusionMatrix>): Content {
  const { perClass } = classScores(matrix);
  return table({
    columns: ['class', 'precision', 'recall', 'F1', 'pictures'],
    rows: classes.map((name, k) => {
      const { precision, recall, f1, support } = perClass[k]!;
      return [name, share(precision), share(recall), share(f1), support];
    }),
  });
}

function networkTable({ classifier }: TrainingRun): Content {
  const { rows, inputShape } = summarize(classifier.model);
  return table({
    columns: ['layer', 'output', 'parameters'],
    rows: [
      ['input', inputShape.join(' × '), ''],
      ...rows.map(({ name, outputShape, parameters }) => [name, outputShape.join(' × '), parameters]),
    ],
  });
}

function settingsTable({ options, path }: TrainingRun): Content {
  return table({
    columns: ['', { header: '', align: 'left' }],
    rows: [
      ...Object.entries(options).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') || 'none' : String(value ?? 'by the pictures'),
      ]),
      ['updates', path],
    ],
  });
}

const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const share = (value: number) => (Number.isNaN(value) ? '–' : percent(value));
