// A linear variational autoencoder has an answer in closed form: its bound can reach the likelihood of probabilistic PCA.

import { arraySamples, createRandom } from '@tidecast/data';
import { createModel, dense, vae } from '@tidecast/models';
import { adam, autoencoding, fit, principalComponents, vaeLoss } from '@tidecast/train';

const [WIDTH, LATENT, SIGMA] = [8, 2, 0.5];

/**
 * Trains a linear VAE on Gaussian data of two directions in noise, and returns by how many nats an example its evidence lower
 * bound stays below the highest log-likelihood of a linear-Gaussian model (Tipping and Bishop 1999; Lucas et al. 2019).
 */
export async function linearGap(
  seed: number,
  { epochs, signal }: { epochs: number; signal: AbortSignal },
): Promise<number> {
  const random = createRandom(seed, 'plane');
  const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());
  const directions = [normals(WIDTH), normals(WIDTH)];
  const count = 256;
  const data = new Float32Array(count * WIDTH);
  for (let n = 0; n < count; n++) {
    const z = [2 * random.normal(), random.normal()];
    for (let f = 0; f < WIDTH; f++) {
      data[n * WIDTH + f] = z[0]! * directions[0]![f]! + z[1]! * directions[1]![f]! + SIGMA * random.normal();
    }
  }
  const x = { data, shape: [count, WIDTH] };
  const { variances } = principalComponents(x, { latent: LATENT });
  const likelihood = variances.reduce((sum, variance, j) => {
    const modelled = j < LATENT ? Math.max(variance, SIGMA ** 2) : SIGMA ** 2;
    return sum - (Math.log(2 * Math.PI * modelled) + variance / modelled) / 2;
  }, 0);
  const decoder = [dense({ units: WIDTH })];
  const model = createModel(vae({ input: [WIDTH], encoder: [], latent: LATENT, decoder }), { seed });
  const { epochs: records } = await fit(model, autoencoding(arraySamples({ x, y: x })), {
    loss: vaeLoss({ latent: LATENT, sigma: SIGMA }),
    optimizer: adam({ learningRate: 0.03 }),
    schedule: { type: 'cosine' },
    epochs,
    batchSize: 64,
    seed,
    signal,
  });
  model.dispose();
  // The cosine has brought the steps to almost nothing by then: the last epochs differ in their noise alone.
  const last = records.slice(-Math.ceil(epochs / 20));
  return likelihood + last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
}
