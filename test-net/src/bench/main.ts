/**
 * `npm run bench -- [direct] [auction] [duckling] [engine] [fetch] [gas] [helia] [--json]`: prints tables, or one object on stdout.
 * Without a name all of them but `helia`, which installs what it compares with and takes `--mb=32,128 --rounds=4`. The gas report alone is that object, others are its members.
 */
import { resolve } from 'node:path'
import { benchAuctionLane } from './auction-lane.ts'
import { auctionTable } from './auction-table.ts'
import { benchDirectLane } from './direct-lane.ts'
import { directTable } from './direct-table.ts'
import { benchDuckling } from './duckling/duckling-bench.ts'
import { ducklingTable } from './duckling/duckling-table.ts'
import { benchEngine, FULL_ENGINE_BENCH } from './engine/engine-bench.ts'
import { engineTable } from './engine/engine-table.ts'
import { benchFetch } from './fetch/fetch-bench.ts'
import { fetchTable } from './fetch/fetch-table.ts'
import { benchGas } from './gas/gas-bench.ts'
import { gasTable } from './gas/gas-table.ts'
import { benchHelia } from './helia/helia-bench.ts'
import { heliaTable } from './helia/helia-table.ts'

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
  duckling: async () => {
    const report = await benchDuckling(root)
    return { key: 'duckling', report, table: ducklingTable(report) }
  },
  engine: async () => {
    const report = await benchEngine(FULL_ENGINE_BENCH)
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
  helia: async () => {
    const sizes = numbersOf('--mb', '32,128').map((megabytes) => megabytes * 1e6)
    const [rounds = 4] = numbersOf('--rounds', '4')
    const say = (text: string): void => void process.stderr.write(`${text}\n`)
    const report = await benchHelia({ root, sizes, rounds, say })
    return { key: 'helia', report, table: heliaTable(report) }
  },
}

/** Benches that need more than what is installed here: they run by name only. */
const BY_NAME_ONLY: readonly string[] = ['helia']

/** The numbers of an option such as `--mb=32,128`. */
function numbersOf(option: string, otherwise: string): number[] {
  const given = process.argv.find((argument) => argument.startsWith(`${option}=`))
  const text = given?.slice(option.length + 1) ?? otherwise
  const numbers = text.split(',').map(Number)
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers
  process.stderr.write(`${option} takes whole numbers with commas between them, not "${text}".\n`)
  process.exit(2)
}

const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = named.find((name) => !Object.hasOwn(BENCHES, name))
if (unknown !== undefined) {
  process.stderr.write(`There is no benchmark "${unknown}": ${Object.keys(BENCHES).join(', ')}.\n`)
  process.exit(2)
}
const json = process.argv.includes('--json')
const results: Result[] = []
const all = Object.keys(BENCHES).filter((name) => !BY_NAME_ONLY.includes(name))
for (const name of named.length === 0 ? all : named) {
  const result = await BENCHES[name]?.()
  if (result === undefined) continue
  results.push(result)
  if (!json) process.stdout.write(`${result.table}\n\n`)
}
if (json) {
  const reports = Object.fromEntries(results.map(({ key, report }) => [key, report]))
  const isGasAlone = named.length === 1 && named[0] === 'gas'
  process.stdout.write(`${JSON.stringify(isGasAlone ? reports['gas'] : reports)}\n`)
}
