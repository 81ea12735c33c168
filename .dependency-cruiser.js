/** The arrows of the house: who may import whom, and why. CONTRIBUTING.md draws them. */
const leaf = (room, reason) => ({
  name: `${room}-is-a-leaf`,
  comment: reason,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${room}/|[^/]+\\.ts$)` },
});

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'A circle has no reading order.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'base-imports-nothing',
      comment: 'Everything uses errors, log, secret and deadline, so these use only each other.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/' },
    },
    leaf('etcd', 'It talks to a living etcd and knows nothing of stores, codecs and manifests.'),
    leaf('programs', "It runs etcd's own programs on files; where the files come from is a job's affair."),
    leaf('bolt', 'It reads a database file, wherever that came from.'),
    leaf('codec', 'Bytes in, bytes out: it must stay usable on any stream.'),
    leaf('store', 'Named objects: a store knows nothing of what is in them.'),
    leaf('kubernetes', 'Names of keys and of what is in values, told by their bytes alone; pure.'),
    {
      name: 'catalog-knows-stores-only-as-an-interface',
      comment:
        'What a snapshot is once stored must not depend on where; only store/store.ts, never a kind of store.',
      severity: 'error',
      from: { path: '^src/catalog/' },
      to: { path: '^src/', pathNot: '^src/(catalog/|store/store\\.ts$|[^/]+\\.ts$)' },
    },
    {
      name: 'job-opens-stores-by-the-one-switch',
      comment: 'A job that names a kind of store would have to be changed for the next one.',
      severity: 'error',
      from: { path: '^src/job/' },
      to: { path: '^src/store/', pathNot: '^src/store/(store|open|location)\\.ts$' },
    },
    {
      name: 'job-knows-nothing-of-output',
      comment: 'A job returns a value; what a person or a script sees of it is decided elsewhere.',
      severity: 'error',
      from: { path: '^src/job/' },
      to: { path: '^src/(cli|report)/' },
    },
    {
      name: 'report-sees-results-only',
      comment: "A report is made of a job's result value; it can never read or change anything.",
      severity: 'error',
      from: { path: '^src/report/' },
      to: { path: '^src/', pathNot: '^src/(report/|job/|[^/]+\\.ts$)' },
    },
    {
      name: 'report-takes-types-of-job',
      comment: 'The result types only: a report that loads a job loads etcd clients with it.',
      severity: 'error',
      from: { path: '^src/report/' },
      to: { path: '^src/job/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'cli-asks-jobs',
      comment: 'The edge knows argv, env and signals; whatever is done is a job.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/', pathNot: '^src/(cli/|job/|report/|[^/]+\\.ts$)' },
    },
    {
      name: 'nobody-imports-the-edge',
      comment: 'cli is the outermost room.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-development-dependencies-in-src',
      comment: 'What runs at a user must be installed there.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'src-knows-no-tests',
      comment: 'No test hook in what ships.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
