// The page: the same training as the command, with its losses drawn while they come.

import { useBackend } from '@tidecast/backend';
import type { ProgressEvent } from '@tidecast/train';
import { classify, type ImageClassifier, saveImageClassifier } from '@tidecast/vision';
import { decodeImage } from '@tidecast/vision/browser';
import { reportPage } from '../src/report/report-page.ts';
import { NETWORKS, type NetworkName } from '../src/training/options.ts';
import { trainClassifier } from '../src/training/train-classifier.ts';
import { liveCurve } from './live-curve.ts';
import { chosenPictures, drawnPictures } from './pictures.ts';

const find = <E extends Element>(id: string) => document.getElementById(id) as unknown as E;
const form = find<HTMLFormElement>('form');
const settings = find<HTMLFieldSetElement>('settings');
const [folder, epochs, seed, perClass, picture] = ['folder', 'epochs', 'seed', 'per-class', 'picture'].map(
  (id) => find<HTMLInputElement>(id),
) as [HTMLInputElement, HTMLInputElement, HTMLInputElement, HTMLInputElement, HTMLInputElement];
const network = find<HTMLSelectElement>('network');
const [train, stop] = [find<HTMLButtonElement>('train'), find<HTMLButtonElement>('stop')];
const status = find<HTMLElement>('status');
const result = find<HTMLElement>('result');
const curve = liveCurve(find<SVGSVGElement>('curve'));

network.append(...NETWORKS.map((name) => new Option(name)));

let stopping = new AbortController();
let classifier: ImageClassifier | undefined;
let links: string[] = [];

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
stop.addEventListener('click', () => stopping.abort(new Error('stopped')));
picture.addEventListener('change', () => void tryPicture());

async function run(): Promise<void> {
  stopping = new AbortController();
  busy(true);
  try {
    await useBackend('wasm');
    const options = {
      network: network.value as NetworkName,
      epochs: epochs.valueAsNumber,
      seed: seed.valueAsNumber,
    };
    const files = [...(folder.files ?? [])];
    const pictures =
      files.length > 0
        ? chosenPictures(files)
        : drawnPictures({ perClass: perClass.valueAsNumber, seed: options.seed });
    curve.reset(options.epochs);
    const trained = await trainClassifier(pictures.list, options, {
      decode: pictures.decode,
      signal: stopping.signal,
      onStage: (text) => say(`${text} …`),
      onProgress: (event) => follow(event, options.epochs),
    });
    classifier?.model.dispose();
    classifier = trained.classifier;
    const { test } = trained;
    find<HTMLElement>('score').textContent =
      `${(100 * test.accuracy).toFixed(1)} % of ${test.labels.length} test pictures are right`;
    const report = await reportPage(trained, { made: Date.now(), synthetic: pictures.synthetic });
    find<HTMLIFrameElement>('report').srcdoc = report;
    offer(saveImageClassifier(classifier), report);
    result.hidden = false;
    say(`Done in ${trained.seconds.toFixed(0)} s.`);
  } catch (error) {
    say(stopping.signal.aborted ? 'Stopped.' : (error as Error).message, !stopping.signal.aborted);
  } finally {
    busy(false);
  }
}

function follow(event: ProgressEvent, all: number): void {
  if (event.kind === 'batch') {
    curve.batch(event.epoch - 1 + event.batch / event.batches, event.loss);
    say(`Epoch ${event.epoch} of ${all}, batch ${event.batch} of ${event.batches}`);
  }
  if (event.kind === 'epoch') curve.epoch(event.epoch, event.validationLoss);
}

async function tryPicture(): Promise<void> {
  const [file] = picture.files ?? [];
  const answer = find<HTMLElement>('answer');
  if (!file || !classifier) return;
  try {
    const { data } = await classify(classifier, [await decodeImage(file, { file: file.name })]);
    answer.textContent = classifier.classes
      .map((name, k) => ({ name, probability: data[k]! }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, 3)
      .map(({ name, probability }) => `${name} ${(100 * probability).toFixed(1)} %`)
      .join(', ');
  } catch (error) {
    answer.textContent = (error as Error).message;
  }
}

function offer(bytes: Uint8Array, report: string): void {
  for (const link of links) URL.revokeObjectURL(link);
  links = [new Blob([bytes as Uint8Array<ArrayBuffer>]), new Blob([report], { type: 'text/html' })].map(
    (blob) => URL.createObjectURL(blob),
  );
  find<HTMLAnchorElement>('classifier').href = links[0]!;
  find<HTMLAnchorElement>('download-report').href = links[1]!;
}

function busy(now: boolean): void {
  settings.disabled = now;
  train.disabled = now;
  stop.disabled = !now;
}

function say(text: string, wrong = false): void {
  status.textContent = text;
  status.classList.toggle('wrong', wrong);
}
