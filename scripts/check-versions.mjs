/**
 * Checks what packages are asked for: exact versions, one version of each in all workspaces, and no registry's
 * address in package-lock.json.
 *
 *   node scripts/check-versions.mjs
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/process.mjs'

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))
const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']

/** `1.2.3`, or an alias `npm:name@1.2.3`; no range, tag, file or URL. */
const exact = /^(?:npm:(?:@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/

const rootPackage = readJson('package.json')
const manifests = [
  ['package.json', rootPackage],
  ...rootPackage.workspaces.map((name) => [
    `${name}/package.json`,
    readJson(`${name}/package.json`),
  ]),
]
const own = new Map(manifests.map(([, manifest]) => [manifest.name, manifest.version]))

/** `[where, package, version]` of everything asked for. */
const wanted = manifests.flatMap(([where, manifest]) =>
  kinds.flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).map(([name, version]) => ({
      where: `${where} ${kind}`,
      name,
      version,
    })),
  ),
)

const problems = []
const first = new Map()
for (const { where, name, version } of wanted) {
  if (!exact.test(version))
    problems.push(`${where}: ${name} is "${version}"; write one exact version`)
  if (own.has(name) && own.get(name) !== version) {
    problems.push(`${where}: ${name} is "${version}", but the workspace is ${own.get(name)}`)
  }
  const other = first.get(name)
  if (other === undefined) first.set(name, { where, version })
  else if (other.version !== version) {
    problems.push(
      `${name} is ${other.version} in ${other.where} and ${version} in ${where}; use one`,
    )
  }
}
const versions = new Set(own.values())
if (versions.size > 1)
  problems.push(`the workspaces have ${[...versions].join(', ')}; all packages share one version`)

const lock = readJson('package-lock.json')
for (const [path, entry] of Object.entries(lock.packages)) {
  if (/^[a-z+]+:\/\//i.test(entry.resolved ?? '')) {
    problems.push(
      `package-lock.json: ${path} names its registry; install with this repository's .npmrc`,
    )
  }
  if (entry.extraneous === true) continue
  if (
    path.includes('node_modules/') &&
    entry.link !== true &&
    entry.integrity === undefined &&
    entry.inBundle !== true
  ) {
    problems.push(`package-lock.json: ${path} has no integrity hash`)
  }
}
for (const [where, manifest] of manifests) {
  const folder = where === 'package.json' ? '' : where.slice(0, -'/package.json'.length)
  for (const kind of kinds) {
    const locked = lock.packages[folder]?.[kind] ?? {}
    if (JSON.stringify(sorted(manifest[kind] ?? {})) !== JSON.stringify(sorted(locked))) {
      problems.push(
        `package-lock.json: ${kind} of ${where} differ from the lock; run npm install --ignore-scripts`,
      )
    }
  }
  for (const path of Object.values(manifest.bin ?? {})) {
    if (!existsSync(join(root, folder, path))) problems.push(`${where}: bin ${path} does not exist`)
  }
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else {
  console.log(
    `${first.size} packages, each in one exact version; ${Object.keys(lock.packages).length} entries in the lock`,
  )
}
