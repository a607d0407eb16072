// `npm run bench`: Tidecast beside other libraries, in one run. Results on stdout, everything else on stderr.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type Launch, PeerError, startChild } from './child.ts';
import { runContest } from './contest/contest.ts';
import { measureGemm, measureLatency, measureMemory } from './extras.ts';
import { growthPoints, growthSvg } from './growth.ts';
import { describeMachine } from './machine.ts';
import { type Contestant, measurePoints, type PointResult, resultName } from './measure.ts';
import { type BenchOptions, parseOptions, UsageError } from './options.ts';
import { benchFolder, launchFor, type PeerName, sharedCore } from './peers.ts';
import { insertResults, type Results, reportText } from './report.ts';
import { measureSizes } from './sizes.ts';
import { digits } from './statistics.ts';

/** The sides of the contest. */
const CONTEST: readonly PeerName[] = ['pytorch', 'tidecast', 'tidecast-node24'];

const children = new Set<Child>();
process.on('exit', () => {
  for (const child of children) child.stop();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    (error.status === 0 ? process.stdout : process.stderr).write(error.message);
    return error.status;
  }
  const results = await measure(options);
  if (!options.json) process.stdout.write(`${reportText(results)}\n`);
  const out = options.out ?? (options.full ? benchFolder : undefined);
  if (out !== undefined) await writeResults(out, results);
  const lacking = options.peersNamed && options.peers.some((name) => name in results.absent);
  return lacking || (results.points.length === 0 && results.extras.length === 0) ? 1 : 0;
}

function say(message: string): void {
  process.stderr.write(`bench: ${message}\n`);
}

async function measure(options: BenchOptions): Promise<Results> {
  const { rounds, seconds, full } = options;
  const core = sharedCore();
  const { contestants, launches, absent } = await startPeers(options, core);
  const versions = Object.fromEntries(contestants.map(({ name, child }) => [name, child.ready.version]));
  const results: Results = {
    machine: describeMachine(core, versions),
    absent,
    points: [],
    failures: [],
    disturbed: [],
    growth: [],
    extras: [],
  };
  const tell = <T extends object>(result: T): T => {
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return result;
  };
  const measureInto = (into: PointResult[], who: readonly Contestant[], points: BenchOptions['points']) =>
    measurePoints(who, points, {
      rounds,
      seconds,
      onResult: (result) => {
        if ('error' in result) {
          results.failures.push(result);
          say(`${resultName(result)}: ${result.error}`);
        } else {
          into.push(tell(result));
          say(`${resultName(result)}: ${digits(result.ms)} ms`);
        }
      },
      onDisturbed: (peer, point) => {
        results.disturbed.push(resultName({ peer, ...point }));
        say(`${resultName({ peer, ...point })}: every round was disturbed by other processes`);
      },
    });
  const addExtra = (result: Results['extras'][number]) => {
    results.extras.push(tell(result));
    if (!options.json) say(JSON.stringify(result));
  };

  await measureInto(results.points, contestants, options.points);
  if (full) {
    const own = contestants.filter(({ name }) => name === 'tidecast');
    await measureInto(results.growth, own, growthPoints());
    await measureGemm(contestants, results.points, addExtra);
    await measureLatency(contestants, addExtra);
  }
  for (const { child } of contestants) child.stop();
  if (full) {
    await measureMemory(launches, core, addExtra);
    await measureSizes(addExtra, (what, reason) => {
      absent[what] = reason;
      say(`absent: ${what} – ${reason}`);
    });
  }
  if (options.contest) {
    const sides = launches.filter(({ name }) => CONTEST.includes(name));
    await runContest(sides, addExtra);
  }
  return results;
}

async function startPeers({ peers, points, contest }: BenchOptions, core: number | undefined) {
  const contestants: Contestant[] = [];
  const launches: { name: PeerName; launch: Launch }[] = [];
  const absent: Record<string, string> = {};
  const wanted = points.length > 0 ? peers : peers.filter((name) => contest && CONTEST.includes(name));
  if (core === undefined) say('no taskset here: the peers are not pinned to one core');
  for (const name of wanted) {
    const launch = launchFor(name, say);
    try {
      if ('absent' in launch) throw new PeerError(launch.absent);
      const start = async () => {
        const child = await startChild(launch, { core });
        children.add(child);
        return child;
      };
      const child = await start();
      contestants.push({ name, child, restart: start });
      launches.push({ name, launch });
      say(`${name}: ${child.ready.version}`);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      absent[name] = error.message;
      say(`absent: ${name} – ${error.message}`);
    }
  }
  return { contestants, launches, absent };
}

/** Writes results.jsonl, the plot, and the tables: into the README where it has markers, else into results.md. */
async function writeResults(folder: string, results: Results): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const lines = [
    { ...results.machine, absent: results.absent, disturbed: results.disturbed },
    ...results.points,
    ...results.failures,
    ...results.growth.map((each) => ({ measure: 'growth', ...each })),
    ...results.extras,
  ];
  writeFileSync(join(folder, 'results.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (results.growth.length > 0) {
    writeFileSync(join(folder, 'growth.svg'), await growthSvg(results.growth));
  }
  const readme = join(folder, 'README.md');
  const text = reportText(results);
  const merged = existsSync(readme) ? insertResults(readFileSync(readme, 'utf8'), text) : undefined;
  if (merged === undefined) writeFileSync(join(folder, 'results.md'), `${text}\n`);
  else writeFileSync(readme, merged);
  say(`written to ${folder}`);
}
