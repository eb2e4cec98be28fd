/** The auction-lane reports as a table for people. */
import type { AuctionLaneReport } from './auction-lane.ts'

export function auctionTable(reports: readonly AuctionLaneReport[]): string {
  const missed = reports.reduce((sum, { unauctioned }) => sum + unauctioned, 0)
  return [
    '| processes (staked peers) | header to choice, ms (p50 / p95) | central HTTP matchmaker | ratio | first token, auctioned | first token, direct |',
    '|---|---|---|---|---|---|',
    ...reports.map(({ auction, central, directTtft, processes, providers, ratio, ttft }) => {
      const size = `${processes} (${providers})`
      const auctioned = `${auction.p50} / ${auction.p95}`
      const other = `${central.p50} / ${central.p95}`
      return `| ${size} | ${auctioned} | ${other} | ${ratio} | ${ttft.p50} | ${directTtft.p50} |`
    }),
    '',
    'The window for bids is at least 30 ms of the header-to-choice time on a local network.',
    ...(missed > 0
      ? [`For ${missed} jobs no seat answered in time; they are not in the table.`]
      : []),
  ].join('\n')
}
