/**
 * Checks the layer rules of .dependency-cruiser.cjs on the repository, then that the checker itself can see:
 * a canary project with one planted violation per rule must be reported in full.
 *
 *   node scripts/check-layers.mjs
 */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeParent, walk, withTemporaryFolder } from './lib/files.mjs'
import { endChildrenOnSignal, root, run } from './lib/process.mjs'

const packages = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces

/** Runs dependency-cruiser in a folder and returns its report. */
async function cruise(folder) {
  const result = await run(
    'depcruise',
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...packages],
    { cwd: folder },
  )
  try {
    return JSON.parse(result.stdout)
  } catch {
    throw new Error(`dependency-cruiser gave no report:\n${result.output.trim()}`)
  }
}

/** What is wrong in the repository, one line each. */
async function checkRepository() {
  const report = await cruise(root)
  const seen = new Set(report.modules.map((module) => module.source))
  const sources = packages
    .flatMap((name) => walk(join(root, name)))
    .map((path) => path.slice(root.length + 1))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  const unseen = sources.filter((path) => !seen.has(path))
  const problems = report.summary.violations.map(describe)
  if (sources.length === 0) problems.push('no source file found: the check would pass on nothing')
  for (const path of unseen) problems.push(`not looked at: ${path}`)
  return { problems, count: sources.length, imports: report.summary.totalDependenciesCruised }
}

const describe = ({ rule, from, to, cycle, comment }) => {
  const way = cycle === undefined ? to : cycle.map((step) => step.name ?? step).join(' -> ')
  return `${rule.name}: ${from} -> ${way}${comment === undefined ? '' : `\n    ${comment}`}`
}

/** Files of the canary. Each import of `planted` breaks the rule named beside it. */
const healthy = {
  'proto/src/index.ts': `export const a: number = 1\n`,
  'contracts/ts/index.ts': `export const a: number = 1\n`,
  'protocols/src/index.ts': `export { a } from './mesh/index.ts'\n`,
  'protocols/src/mesh/index.ts': `import { a } from '@duckmesh/proto'\nexport { a }\n`,
  'sdk/src/index.ts': `import { a } from '@duckmesh/protocols'\nexport { a }\n`,
  'bootstrap/src/index.ts': `import { a } from '@duckmesh/protocols'\nexport { a }\n`,
  'node/src/index.ts': `import { a } from '@duckmesh/sdk'\nexport { a }\n`,
  'test-net/src/index.ts': `import { a } from '@duckmesh/node'\nexport { a }\n`,
}

const planted = {
  'proto/src/up.ts': ['arrow-proto', `import { a } from '@duckmesh/protocols'\nexport { a }\n`],
  'contracts/ts/up.ts': ['arrow-contracts', `import { a } from '@duckmesh/proto'\nexport { a }\n`],
  'protocols/src/up.ts': [
    'arrow-protocols',
    `import type { a } from '@duckmesh/sdk'\nexport type B = typeof a\n`,
  ],
  'sdk/src/up.ts': ['arrow-sdk', `import { a } from '@duckmesh/node'\nexport { a }\n`],
  'bootstrap/src/up.ts': ['arrow-bootstrap', `import { a } from '@duckmesh/sdk'\nexport { a }\n`],
  'node/src/up.ts': ['arrow-node', `import { a } from '@duckmesh/test-net'\nexport { a }\n`],
  'protocols/src/mesh/right.ts': [
    'layer-mesh',
    `import { a } from '../settlement/a.ts'\nexport { a }\n`,
  ],
  'protocols/src/dispatch/right.ts': [
    'layer-dispatch',
    `import type { A } from '../settlement/a.ts'\nexport type B = A\n`,
  ],
  'protocols/src/shared.ts': [
    'layer-shared',
    `import { a } from './settlement/a.ts'\nexport { a }\n`,
  ],
  'protocols/src/market/one.ts': [
    'no-cycle',
    `import type { Two } from './two.ts'\nexport type One = Two | 1\n`,
  ],
  'sdk/src/relative.ts': [
    'through-the-front-door',
    `import { a } from '../../protocols/src/mesh/index.ts'\nexport { a }\n`,
  ],
  'sdk/src/tested.ts': ['no-test-in-source', `import { a } from '../test/a.ts'\nexport { a }\n`],
  'sdk/src/nowhere.ts': ['resolvable', `import { a } from './not-there.ts'\nexport { a }\n`],
}

const bystanders = {
  'protocols/src/settlement/a.ts': `export type A = 1\nexport const a: A = 1\n`,
  'protocols/src/market/two.ts': `import type { One } from './one.ts'\nexport type Two = One | 2\n`,
  'sdk/test/a.ts': `export const a: number = 1\n`,
}

/** A project with the layout, the package.json files and the rules of this one. */
function build(folder, files) {
  copyFileSync(join(root, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'))
  mkdirSync(join(folder, 'node_modules', '@duckmesh'), { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', workspaces: packages }),
  )
  for (const name of packages) {
    mkdirSync(join(folder, name), { recursive: true })
    copyFileSync(join(root, name, 'package.json'), join(folder, name, 'package.json'))
    symlinkSync(join('..', '..', name), join(folder, 'node_modules', '@duckmesh', name))
  }
  for (const [path, text] of Object.entries(files)) {
    makeParent(join(folder, path))
    writeFileSync(join(folder, path), text)
  }
}

/** Runs the checker on planted files and returns what it missed or invented. */
async function checkCanary() {
  const clean = await withTemporaryFolder((folder) => {
    build(folder, healthy)
    return cruise(folder)
  })
  const sick = await withTemporaryFolder((folder) => {
    const wrong = Object.entries(planted).map(([path, [, text]]) => [path, text])
    build(folder, { ...healthy, ...bystanders, ...Object.fromEntries(wrong) })
    return cruise(folder)
  })
  const problems = clean.summary.violations.map((found) => `canary: false alarm ${describe(found)}`)
  if (clean.summary.totalCruised < Object.keys(healthy).length)
    problems.push('canary: files were not looked at')
  const found = new Set(sick.summary.violations.map(({ rule, from }) => `${rule.name} ${from}`))
  for (const [path, [rule]] of Object.entries(planted)) {
    if (!found.has(`${rule} ${path}`)) problems.push(`canary: ${rule} in ${path} was not found`)
  }
  return problems
}

endChildrenOnSignal()
const repository = await checkRepository()
const canary = await checkCanary()
for (const problem of [...repository.problems, ...canary]) console.error(problem)
if (repository.problems.length + canary.length > 0) {
  console.error('The layers are described in CONTRIBUTING.md, "Layers".')
  process.exitCode = 1
} else {
  console.log(
    `${repository.count} files, ${repository.imports} imports: layers kept, no cycle; ` +
      `canary: all ${Object.keys(planted).length} planted violations found`,
  )
}
