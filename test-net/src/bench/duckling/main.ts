/** Scores one packed model: `[folder] [--draws <file>] [--json]`; without a folder Duckling as it is published. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchDuckling } from './duckling-bench.ts'
import { ducklingTable } from './duckling-table.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { draws: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const report = await benchDuckling(resolve('.'), { folder: positionals[0], draws: values.draws })
process.stdout.write(
  `${values.json ? JSON.stringify({ duckling: report }) : ducklingTable(report)}\n`,
)
