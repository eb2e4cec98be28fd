/** The engine benchmark alone: `--json`, `--quick` (half a minute, no large model). */
import { benchEngine, FULL_ENGINE_BENCH } from './engine-bench.ts'
import { engineTable } from './engine-table.ts'
import type { EngineBenchOptions } from './interface.ts'

const QUICK: EngineBenchOptions = { rounds: 2, jobs: 100, loads: 3, withLargeModel: false }

const flags = process.argv.slice(2)
const report = await benchEngine(flags.includes('--quick') ? QUICK : FULL_ENGINE_BENCH)
process.stdout.write(
  `${flags.includes('--json') ? JSON.stringify({ engine: report }) : engineTable(report)}\n`,
)
