/**
 * `npm run bench -- [direct] [auction] [engine] [fetch] [gas] [--json]`: prints tables, or one object on stdout.
 * Without a name all of them. The gas report alone is that object, others are its members.
 */
import { resolve } from 'node:path'
import { benchAuctionLane } from './auction-lane.ts'
import { auctionTable } from './auction-table.ts'
import { benchDirectLane } from './direct-lane.ts'
import { directTable } from './direct-table.ts'
import { benchEngine } from './engine/engine-bench.ts'
import { engineTable } from './engine/engine-table.ts'
import { benchFetch } from './fetch/fetch-bench.ts'
import { fetchTable } from './fetch/fetch-table.ts'
import { benchGas } from './gas/gas-bench.ts'
import { gasTable } from './gas/gas-table.ts'

/** A finished benchmark: its key in the JSON, its report, and the same for people. */
interface Result {
  key: string
  report: object
  table: string
}

const root = resolve('.')

const BENCHES: Readonly<Record<string, () => Promise<Result>>> = {
  direct: async () => {
    const report = await benchDirectLane(root, 100, 5)
    return { key: 'directLane', report, table: directTable(report) }
  },
  auction: async () => {
    const ten = await benchAuctionLane(root, 7, 40)
    const twenty = await benchAuctionLane(root, 17, 20)
    const report = { ten, twenty, ratio: twenty.auction.p50 / ten.auction.p50 }
    return { key: 'auctionLane', report, table: auctionTable([ten, twenty]) }
  },
  engine: async () => {
    const report = await benchEngine({ rounds: 8, jobs: 1000, loads: 10, withLargeModel: true })
    return { key: 'engine', report, table: engineTable(report) }
  },
  fetch: async () => {
    const report = await benchFetch(root, 256_000_000, 5)
    return { key: 'fetch', report, table: fetchTable(report) }
  },
  gas: async () => {
    const report = await benchGas(root)
    return { key: 'gas', report, table: gasTable(report) }
  },
}

const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = named.find((name) => !Object.hasOwn(BENCHES, name))
if (unknown !== undefined) {
  process.stderr.write(`There is no benchmark "${unknown}": ${Object.keys(BENCHES).join(', ')}.\n`)
  process.exit(2)
}
const json = process.argv.includes('--json')
const results: Result[] = []
for (const name of named.length === 0 ? Object.keys(BENCHES) : named) {
  const result = await BENCHES[name]?.()
  if (result === undefined) continue
  results.push(result)
  if (!json) process.stdout.write(`${result.table}\n\n`)
}
if (json) {
  const all = Object.fromEntries(results.map(({ key, report }) => [key, report]))
  const isGasAlone = named.length === 1 && named[0] === 'gas'
  process.stdout.write(`${JSON.stringify(isGasAlone ? all['gas'] : all)}\n`)
}
