/** Layer rules: which package, and inside protocols which folder, may import which. Type imports count. */

/** The table of DESIGN, "Packages and layers". */
const arrows = {
  proto: [],
  contracts: [],
  protocols: ['proto'],
  sdk: ['protocols', 'contracts'],
  bootstrap: ['protocols'],
  node: ['sdk', 'protocols', 'contracts'],
  'test-net': ['proto', 'protocols', 'contracts', 'sdk', 'bootstrap', 'node'],
}

/** Inside protocols each folder may import only from folders to its left, and from the files above them. */
const layers = [
  'mesh',
  'fetch',
  'election',
  'market',
  'evidence',
  'dispatch',
  'verification',
  'settlement',
]

const packages = Object.keys(arrows)

const packageRules = packages
  .map((name) => ({
    name,
    forbidden: packages.filter((other) => other !== name && !arrows[name].includes(other)),
  }))
  .filter(({ forbidden }) => forbidden.length > 0)
  .map(({ name, forbidden }) => ({
    name: `arrow-${name}`,
    comment: `${name} may import only: ${arrows[name].join(', ') || 'no other package'}.`,
    severity: 'error',
    from: { path: `^${name}/` },
    to: { path: `^(${forbidden.join('|')})/` },
  }))

const layerRules = layers.slice(0, -1).map((layer, index) => ({
  name: `layer-${layer}`,
  comment: `protocols/src/${layer} may import only from: ${layers.slice(0, index).join(', ') || 'no other folder'}.`,
  severity: 'error',
  from: { path: `^protocols/src/${layer}/` },
  to: { path: `^protocols/src/(${layers.slice(index + 1).join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...packageRules,
    ...layerRules,
    {
      name: 'layer-shared',
      comment:
        'The files above the folders of protocols serve all of them, so they import none (index.ts names them).',
      severity: 'error',
      from: { path: '^protocols/src/[^/]+\\.ts$', pathNot: '^protocols/src/index\\.ts$' },
      to: { path: `^protocols/src/(${layers.join('|')})/` },
    },
    {
      name: 'no-cycle',
      comment:
        'Files that import one another cannot be read alone. Move what both need to a third, often interface.ts.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'through-the-front-door',
      comment: 'Another package is imported by its name, never by a relative path.',
      severity: 'error',
      from: { path: `^(${packages.join('|')})/` },
      to: { path: `^(${packages.join('|')})/`, pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-test-in-source',
      comment: 'What ships does not import tests.',
      severity: 'error',
      from: { path: '^[^/]+/(src|ts|bin)/' },
      to: { path: '^[^/]+/test/' },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere: a wrong path, or a package missing in package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|out|cache|coverage)/' },
    // Without this, imports that only name types are not seen.
    tsPreCompilationDeps: true,
    // Workspaces resolve to their sources, so an arrow between packages is an arrow between their files.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@duckmesh/source', 'node', 'import', 'require', 'types', 'default'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.d.ts', '.json'],
    },
    moduleSystems: ['es6', 'cjs'],
    builtInModules: { add: ['node:sqlite', 'sqlite', 'node:test'] },
  },
}
