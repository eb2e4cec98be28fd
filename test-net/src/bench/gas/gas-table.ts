/** The gas report as tables for people. */
import type { GasOperation, GasReport } from './interface.ts'

/** Contracts are to stay below this, bytes. */
const LARGEST = 16_000

export function gasTable({ operations, perJob, sizes }: GasReport): string {
  return [
    '| operation | gas | goal | | floor | above it |',
    '|---|---|---|---|---|---|',
    ...operations.map(rowOf),
    '',
    'Gas of whole transactions on anvil, or of one voucher of a batch. Floor: bytes, storage, calls, logs and',
    'signatures of that transaction by the gas schedule, without any computation.',
    '',
    '| 10 000 jobs between 1 024 pairs | gas a job |',
    '|---|---|',
    `| four transactions a job, as in the founding document | ${grouped(perJob.seedFlow)} |`,
    `| one voucher a pair, redeemed in 32 batches of 32 | ${grouped(perJob.voucherBatch)} |`,
    `| ratio | ${perJob.ratio} |`,
    '',
    '| contract | bytes | |',
    '|---|---|---|',
    ...sizes.map(
      ({ bytes, contract }) =>
        `| ${contract} | ${grouped(bytes)} | ${bytes < LARGEST ? '' : 'large'} |`,
    ),
  ].join('\n')
}

function rowOf({ floor, gas, goal, name }: GasOperation): string {
  const met = goal === null ? '' : gas <= goal ? 'met' : 'NOT MET'
  const asked = goal === null ? '' : grouped(goal)
  const above = `${Math.round((gas / floor - 1) * 100)} %`
  return `| ${name} | ${grouped(gas)} | ${asked} | ${met} | ${grouped(floor)} | ${above} |`
}

/** Thousands apart, as this documentation writes them. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}
