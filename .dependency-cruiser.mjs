// The arrows of ARCHITECTURE.md as data: a package may import only what its row lists.
const arrows = {
  'packages/data': [],
  'packages/eval': ['packages/data'],
  'packages/backend': [],
  'packages/models': ['packages/backend', 'packages/data'],
  'packages/train': ['packages/backend', 'packages/data', 'packages/eval', 'packages/models'],
  'packages/vision': ['packages/backend', 'packages/data', 'packages/models'],
};

const forbidden = Object.entries(arrows).map(([from, to]) => ({
  name: `arrow:${from}`,
  comment: `${from} may import only: ${to.join(', ') || 'nothing of ours'}. See ARCHITECTURE.md.`,
  severity: 'error',
  from: { path: `^${from}/src/` },
  to: { path: '^(packages|apps|bench|examples)/', pathNot: `^(${[from, ...to].join('|')})/` },
}));

export default {
  forbidden: [
    ...forbidden,
    {
      name: 'no-cycle',
      comment: 'Import cycles hide the order of things; split the file or move the shared part down.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'train-takes-model-types-only',
      comment: 'train needs a Model, not a concrete model.',
      severity: 'error',
      from: { path: '^packages/train/src/' },
      to: { path: '^packages/models/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-tensors-in-data-or-eval',
      comment: 'Parsing and scoring run in any worker, on plain arrays.',
      severity: 'error',
      from: { path: '^packages/(data|eval)/src/' },
      to: { path: '@tensorflow' },
    },
    {
      name: 'node-only-in-node-entry',
      comment: 'Every package runs in a browser; only src/node.ts of a package may touch Node.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/[^/]+/src/node(\\.ts$|/)' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/test/|tsup\\.config\\.ts$)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@tidecast/source', 'import', 'types'],
    },
  },
};
