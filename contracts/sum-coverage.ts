/** How many there are, and how many the tests ran. */
export interface Covered {
  found: number
  hit: number
}

/** Sums over the files under one folder, and where a line or branch was not run. */
export interface CoverageSums {
  lines: Covered
  branches: Covered
  /** `file:line`, each once */
  missing: string[]
}

/** Adds up a report in the format of lcov. */
export function sumCoverage(report: string, folder: string): CoverageSums {
  const lines = { found: 0, hit: 0 }
  const branches = { found: 0, hit: 0 }
  const missing = new Set<string>()
  let file = ''
  for (const row of report.split('\n')) {
    const [kind, value] = splitOnce(row)
    if (kind === 'SF') file = value
    if (!file.startsWith(folder)) continue
    const entry = value.split(',')
    if (kind !== 'DA' && kind !== 'BRDA') continue
    const sum = kind === 'DA' ? lines : branches
    const count = entry.at(-1)
    sum.found += 1
    if (count === '0' || count === '-') missing.add(`${file}:${entry[0] ?? ''}`)
    else sum.hit += 1
  }
  return { lines, branches, missing: [...missing] }
}

function splitOnce(row: string): [string, string] {
  const at = row.indexOf(':')
  return at === -1 ? [row, ''] : [row.slice(0, at), row.slice(at + 1)]
}
