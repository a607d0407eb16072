// Compiles assembly/ into two WebAssembly binaries, plain SIMD and relaxed SIMD, and writes each as a module with the
// bytes in base64 into src/kernels/generated/, with the signatures of the exports beside them. Does nothing where the
// sources have not changed. Refuses a binary with a data section or a memory of its own: the kernels run inside the
// memory of TensorFlow.js, where a byte of theirs would overwrite its data.
//
//   node scripts/build-kernels.mjs            from packages/backend

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkMemory } from './check-memory.mjs';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(folder, 'src', 'kernels', 'generated');
const stamp = join(output, 'stamp');

/** The builds by name, with the features that each may use. */
const builds = { simd: ['simd'], relaxed: ['simd', 'relaxed-simd'] };

const hash = sourceHash();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  rmSync(stamp, { force: true });
  mkdirSync(output, { recursive: true });
  for (const [name, features] of Object.entries(builds)) {
    const { binary, declarations } = await compile(features);
    checkMemory(name, binary);
    write(`${name}.ts`, moduleText(name, binary));
    write('kernels.ts', interfaceText(declarations));
  }
  write('stamp', hash);
}

function sourceHash() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  const sources = readdirSync(join(folder, 'assembly'), { recursive: true }).sort();
  for (const name of sources.filter((each) => each.endsWith('.ts'))) {
    hash.update(name).update(readFileSync(join(folder, 'assembly', name)));
  }
  return hash.update(readFileSync(join(folder, 'package.json'))).digest('hex');
}

async function compile(features) {
  const { default: asc } = await import('assemblyscript/asc');
  const files = {};
  const options = [
    'assembly/index.ts',
    '--outFile=kernels.wasm',
    '--bindings=raw',
    '--runtime=stub',
    '--importMemory',
    '--noExportMemory',
    '--optimizeLevel=3',
    '--noAssert',
    // Functions on v128 are exported between the sources, never to JavaScript.
    '--disableWarning=112',
    ...features.map((feature) => `--enable=${feature}`),
  ];
  const { error, stderr } = await asc.main(options, {
    readFile(name, base) {
      const path = join(folder, base, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile(name, contents) {
      files[name] = contents;
    },
    listFiles: () => [],
  });
  const messages = stderr.toString();
  if (error || messages.includes('ERROR')) {
    throw new Error(`build-kernels: the AssemblyScript compiler failed.\n${messages || error.message}`);
  }
  if (messages) process.stderr.write(messages);
  return { binary: files['kernels.wasm'], declarations: files['kernels.d.ts'] };
}

function moduleText(name, binary) {
  const text = Buffer.from(binary).toString('base64');
  return `// Made by scripts/build-kernels.mjs from assembly/. The ${name} build, ${binary.length} bytes.\nexport const ${name} =\n  '${text}';\n`;
}

/** The exported functions as an interface, from the declarations that the compiler writes. */
function interfaceText(declarations) {
  const functions = [...declarations.matchAll(/export function (\w+\([^)]*\): \w+);/g)];
  const lines = functions.map(([, signature]) => `  ${signature};`);
  return `// Made by scripts/build-kernels.mjs from assembly/.\n\n/** The exports of the kernels' binaries. */\nexport interface Kernels {\n${lines.join('\n')}\n}\n`;
}

function write(name, contents) {
  const path = join(output, name);
  writeFileSync(`${path}.tmp`, contents);
  renameSync(`${path}.tmp`, path);
}
