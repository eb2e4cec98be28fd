/** The checks of `npm test`: what each runs, what it waits for, and how its tests are counted. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** One check is one test. */
const asOne = ({ code }) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 })

const numberBefore = (text, word) => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0)

/** A runner that failed without naming a failed test crashed: that counts as one failure, as does running no test. */
function atLeastOneFailure(counts, code) {
  const silent = code !== 0 && counts.failed === 0
  const empty = code === 0 && counts.passed + counts.failed === 0
  return silent || empty ? { ...counts, failed: 1 } : counts
}

/** `Ran 3 test suites in …: 40 tests passed, 1 failed, 0 skipped (41 total tests)`. */
export function countForge({ code, stdout }) {
  const summary =
    /^Ran \d+ test suites? in .*$/m.exec(stdout.replace(/\u001b\[\d*m/g, ''))?.[0] ?? ''
  const counts = {
    passed: numberBefore(summary, 'tests? passed'),
    failed: numberBefore(summary, 'failed'),
    skipped: numberBefore(summary, 'skipped'),
  }
  return atLeastOneFailure(counts, code)
}

/** `  41 passing (2s)`, `  1 pending`, `  2 failing`, each on its own line after the last test. */
export function countMocha({ code, stdout }) {
  const lines = stdout.split('\n')
  const from = lines.findLastIndex((line) => /^ {2}\d+ passing \(/.test(line))
  const summary = from === -1 ? '' : lines.slice(from, from + 4).join('\n')
  const count = (word) => Number(new RegExp(`^ {2}(\\d+) ${word}`, 'm').exec(summary)?.[1] ?? 0)
  return atLeastOneFailure(
    { passed: count('passing'), failed: count('failing'), skipped: count('pending') },
    code,
  )
}

/** The part of mocha's output that says what failed. */
const mochaFailures = (output) => {
  const at = output.search(/^ {2}\d+ passing \(/m)
  return at === -1 ? output : output.slice(at)
}

const minutes = (count) => count * 60_000

/** Specs that start no local network: modules, most of them in the process of the test, and single programs. */
const UNIT_SPECS = [
  '{proto,contracts,protocols,sdk,bootstrap,node,scripts}/test/**/*.spec.ts',
  'test-net/test/*/**/*.spec.ts',
]

/**
 * Specs that start local networks of processes, in two parts that take about as long as each other: those whose networks
 * are large or several, so that no two of them start at once, and all others.
 */
const NETWORK_SPECS = ['test-net/test/*.spec.ts']
const LARGE_NETWORK_SPECS = [
  'beside',
  'cli-network',
  'failover',
  'gateway',
  'main-job',
  'market',
  'privacy',
].map((name) => `test-net/test/${name}.spec.ts`)

/** A run of mocha; `except` is left out. */
const mocha = (specs, except = []) => ({
  run: ['mocha', '--no-color', ...except.flatMap((path) => ['--ignore', path]), ...specs],
  count: countMocha,
  failures: mochaFailures,
})

/**
 * In the order in which they are started: the longest of them first, so that none is left over at the end. `after` names
 * stages whose files a stage needs; `last` are those that start networks of processes: a compiler beside them makes them
 * slow, so they wait for the others and run beside each other, which mostly wait for messages.
 */
export const stages = [
  {
    name: 'unit',
    title: 'TypeScript tests of modules',
    ...mocha(UNIT_SPECS),
    timeoutMs: minutes(15),
  },
  { name: 'lock', title: 'npm ci works from the lock', run: ['node', 'scripts/check-lock.mjs'] },
  { name: 'types', title: 'types of sources and tests', run: ['tsc', '-b', '--pretty', 'false'] },
  { name: 'eslint', title: 'lint', run: ['eslint', '.'] },
  { name: 'prettier', title: 'format', run: ['prettier', '--check', '--log-level', 'warn', '.'] },
  {
    name: 'protobuf',
    title: 'generated protobuf code is fresh',
    run: ['node', 'scripts/generate.mjs', '--check', '--only', 'protobuf'],
  },
  {
    name: 'layout',
    title: 'docs/layout.md is fresh',
    run: ['node', 'scripts/generate-layout.mjs', '--check'],
  },
  { name: 'versions', title: 'exact versions', run: ['node', 'scripts/check-versions.mjs'] },
  {
    name: 'layers',
    title: 'layers and cycles, with canary',
    run: ['node', 'scripts/check-layers.mjs'],
  },
  {
    name: 'unused',
    title: 'unused files, exports and packages',
    run: ['knip', '--no-progress', '--no-config-hints'],
  },
  { name: 'forge-fmt', title: 'format of Solidity', run: ['forge', 'fmt', '--check'] },
  {
    name: 'solhint',
    title: 'lint of Solidity',
    run: ['solhint', '--disc', '--max-warnings', '0', 'contracts/{src,script}/**/*.sol'],
  },
  {
    name: 'forge-lint',
    title: "forge's own lint of Solidity",
    // A folder of its own: lint leaves artifacts without bytecode.
    run: [
      'env',
      'FOUNDRY_DENY=warnings',
      'FOUNDRY_OUT=contracts/cache/lint',
      'FOUNDRY_CACHE_PATH=contracts/cache/lint-cache',
      'forge',
      'lint',
    ],
  },
  {
    name: 'abi',
    title: 'generated ABIs are fresh',
    run: ['node', 'scripts/generate.mjs', '--check', '--only', 'contracts'],
  },
  {
    name: 'forge',
    title: 'contract tests',
    run: ['forge', 'test'],
    count: countForge,
    after: ['abi'],
    timeoutMs: minutes(6),
  },
  {
    name: 'gas',
    title: 'gas of every transaction',
    run: ['node', 'contracts/gas-snapshots.ts', '--check'],
    after: ['forge'],
  },
  {
    name: 'network-1',
    title: 'tests of local networks, the large ones',
    ...mocha(LARGE_NETWORK_SPECS),
    last: true,
    timeoutMs: minutes(12),
  },
  {
    name: 'network-2',
    title: 'tests of local networks, the others',
    ...mocha(NETWORK_SPECS, LARGE_NETWORK_SPECS),
    last: true,
    timeoutMs: minutes(12),
  },
].map((stage) => ({
  count: asOne,
  failures: (output) => output,
  after: [],
  last: false,
  timeoutMs: minutes(5),
  ...stage,
}))
