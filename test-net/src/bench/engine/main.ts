/** The engine benchmark alone: `--json`, `--quick` (half a minute, no large model), `--full` (10 000 jobs, 100 loads). */
import { benchEngine } from './engine-bench.ts'
import { engineTable } from './engine-table.ts'
import type { EngineBenchOptions } from './interface.ts'

const USUAL: EngineBenchOptions = { rounds: 12, jobs: 1000, loads: 10, withLargeModel: true }
const QUICK: EngineBenchOptions = { rounds: 2, jobs: 100, loads: 3, withLargeModel: false }
const FULL: EngineBenchOptions = { rounds: 15, jobs: 10_000, loads: 100, withLargeModel: true }

const flags = process.argv.slice(2)
const report = await benchEngine(
  flags.includes('--full') ? FULL : flags.includes('--quick') ? QUICK : USUAL,
)
process.stdout.write(
  `${flags.includes('--json') ? JSON.stringify({ engine: report }) : engineTable(report)}\n`,
)
