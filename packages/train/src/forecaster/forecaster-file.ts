// A forecaster as bytes: the model's own safetensors file with one more entry in its metadata. So the file is also a
// model file, and how a model is stored stays the business of @tidecast/models: its functions are handed in.
// Bytes may come from anywhere: everything is checked before any of it is used.

import {
  type Channel,
  decodeSafetensors,
  encodeSafetensors,
  type InputChannel,
  readScaler,
  type WindowSpec,
} from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, checkObject, lookUp, shown } from '../check.ts';
import type { Loss, LossConfig } from '../losses/loss.ts';
import { createLoss } from '../losses/losses.ts';
import type { Forecaster, Provenance } from './forecaster.ts';
import { checkLevels, defaultLevels } from './levels.ts';

const ENTRY = 'forecaster';
/** Version 1 knew point forecasts alone. */
const VERSION = 2;

/** The forecaster as safetensors bytes. `saveModel` is that of @tidecast/models. */
export function saveForecaster(forecaster: Forecaster, saveModel: (model: Model) => Uint8Array): Uint8Array {
  const { model, ...rest } = forecaster;
  const { tensors, metadata } = decodeSafetensors(saveModel(model));
  return encodeSafetensors(tensors, { ...metadata, [ENTRY]: JSON.stringify({ version: VERSION, ...rest }) });
}

/**
 * The forecaster that {@link saveForecaster} stored; on the same backend it forecasts the same, bit for bit.
 * `loadModel` is that of @tidecast/models; it checks the network's config and weights.
 * @throws with the reason, if the bytes are damaged, foreign or of a later version.
 */
export function loadForecaster(bytes: Uint8Array, loadModel: (bytes: Uint8Array) => Model): Forecaster {
  const { metadata } = decodeSafetensors(bytes);
  const text = metadata[ENTRY];
  if (text === undefined) {
    throw new Error(
      'forecaster: this safetensors file holds no forecaster. Was it written by saveForecaster?',
    );
  }
  const parts = readParts(parse(text));
  const model = loadModel(bytes);
  const wanted = [parts.spec.steps, parts.inputChannels.length];
  const { input } = model.config;
  if (input.length !== 2 || (input[0] !== null && input[0] !== wanted[0]) || input[1] !== wanted[1]) {
    model.dispose();
    throw new Error(
      `forecaster: the network must take inputs of [${wanted.join(', ')}], got [${input.join(', ')}]. Is the file damaged?`,
    );
  }
  return { ...parts, model };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('forecaster: its description is not JSON. Is the file damaged?');
  }
}

function readParts(json: unknown): Omit<Forecaster, 'model'> {
  const parts = checkObject('forecaster', json);
  if (parts.version !== 1 && parts.version !== VERSION) {
    throw new Error(
      `forecaster: version must be 1 to ${VERSION}, got ${shown(parts.version)}. Use a later release of @tidecast/train.`,
    );
  }
  const { x, y } = checkObject('forecaster: scalers', parts.scalers);
  const result = {
    name: readText('name', parts.name),
    spec: readSpec(parts.spec),
    live: readLive(parts.live),
    step: checkNumber('forecaster: step', parts.step, { above: 0 }),
    scalers: { x: readScaler(x), y: readScaler(y) },
    inputChannels: readList('inputChannels', parts.inputChannels, readInputChannel),
    targetChannels: readList('targetChannels', parts.targetChannels, readChannel),
    ...readHead(parts),
    provenance: checkObject('forecaster: provenance', parts.provenance) as unknown as Provenance,
  };
  const { scalers, inputChannels, targetChannels, spec } = result;
  for (const [what, scaler, count] of [
    ['input', scalers.x, inputChannels.length],
    ['target', scalers.y, targetChannels.length],
  ] as const) {
    if (scaler.offset.length !== count) {
      throw new Error(
        `forecaster: expected scalers of ${count} ${what} channels, got ${scaler.offset.length}.`,
      );
    }
  }
  if (spec.targets.length !== targetChannels.length) {
    throw new Error(
      `forecaster: expected ${spec.targets.length} target channels, got ${targetChannels.length}.`,
    );
  }
  return result;
}

/** What the outputs mean, and the levels of the forecasts. */
function readHead({
  loss: json,
  levels,
  version,
}: Record<string, unknown>): Pick<Forecaster, 'loss' | 'levels'> {
  if (version === 1) return { levels: defaultLevels({}) };
  if (json === undefined) return { levels: checkLevels('forecaster: levels', levels, {}) };
  const loss = readLoss(checkObject('forecaster: loss', json) as LossConfig);
  if (!loss.head)
    throw new Error(`forecaster: loss must have a head, got ${shown(json)}. Is the file damaged?`);
  return { loss: loss.config, levels: checkLevels('forecaster: levels', levels, loss) };
}

function readLoss(config: LossConfig): Loss {
  try {
    return createLoss(config);
  } catch (error) {
    throw new Error(`forecaster: its loss is not known here: ${(error as Error).message}`, { cause: error });
  }
}

function readSpec(json: unknown): WindowSpec {
  const spec = checkObject('forecaster: spec', json);
  const size = (name: string) =>
    checkNumber(`forecaster: spec.${name}`, spec[name], { min: 1, max: 1_000_000, integer: true });
  const names = (name: string) => readList(`spec.${name}`, spec[name], readText);
  return {
    steps: size('steps'),
    horizon: size('horizon'),
    inputs: names('inputs'),
    targets: names('targets'),
    ...(spec.future !== undefined && { future: names('future') }),
    ...(spec.static !== undefined && { static: names('static') }),
    ...(spec.relativeTo !== undefined && { relativeTo: readTexts('spec.relativeTo', spec.relativeTo) }),
    ...(spec.issueDelay !== undefined && {
      issueDelay: checkNumber('forecaster: spec.issueDelay', spec.issueDelay, { min: 0 }),
    }),
  };
}

function readLive(json: unknown): Forecaster['live'] {
  const { missing, minSteps } = checkObject('forecaster: live', json);
  return {
    ...(missing !== undefined && {
      missing: lookUp('forecaster: live.missing', { drop: 'drop', mask: 'mask' }, missing),
    }),
    ...(minSteps !== undefined && {
      minSteps: checkNumber('forecaster: live.minSteps', minSteps, { min: 1, integer: true }),
    }),
  } as Forecaster['live'];
}

function readInputChannel(what: string, json: unknown): InputChannel {
  const { name, role, shift, unit } = checkObject(`forecaster: ${what}`, json);
  const roles = { past: 'past', future: 'future', static: 'static' } as const;
  return {
    name: readText(`${what}.name`, name),
    role: lookUp(`forecaster: ${what}.role`, roles, role),
    shift: checkNumber(`forecaster: ${what}.shift`, shift, { integer: true }),
    unit: readText(`${what}.unit`, unit),
  };
}

function readChannel(what: string, json: unknown): Channel {
  const { name, unit, interval, latency, known } = checkObject(`forecaster: ${what}`, json);
  return {
    name: readText(`${what}.name`, name),
    unit: readText(`${what}.unit`, unit),
    ...(interval !== undefined && {
      interval: checkNumber(`forecaster: ${what}.interval`, interval, { above: 0 }),
    }),
    ...(latency !== undefined && { latency: checkNumber(`forecaster: ${what}.latency`, latency) }),
    ...(known !== undefined && {
      known: lookUp(`forecaster: ${what}.known`, { always: 'always' } as const, known),
    }),
  };
}

function readText(what: string, json: unknown): string {
  if (typeof json === 'string') return json;
  throw new Error(`forecaster: ${what} must be a text, got ${shown(json)}. Is the file damaged?`);
}

function readTexts(what: string, json: unknown): Record<string, string> {
  const entries = Object.entries(checkObject(`forecaster: ${what}`, json));
  return Object.fromEntries(entries.map(([key, value]) => [key, readText(`${what}.${key}`, value)]));
}

function readList<T>(what: string, json: unknown, read: (what: string, item: unknown) => T): T[] {
  if (!Array.isArray(json)) {
    throw new Error(`forecaster: ${what} must be a list, got ${shown(json)}. Is the file damaged?`);
  }
  return json.map((item, i) => read(`${what}[${i}]`, item));
}
