/** The fetch report as a table for people. */
import type { FetchReport, Throughput } from './fetch-bench.ts'

export function fetchTable({ bytes, http, one, ratio, three }: FetchReport): string {
  const row = (name: string, { best, cpuPerGb, median }: Throughput, of: number): string =>
    `| ${name} | ${best} / ${median} | ${of} | ${cpuPerGb} |`
  return [
    `| A file of ${Math.round(bytes / 1e6)} MB, loopback, one machine | MB/s (best / median) | of plain HTTP, same round | CPU-s per GB of the download |`,
    '|---|---|---|---|',
    row('plain HTTP, hashed', http, 1),
    row('fetch, one holder: encrypted, each piece verified', one, ratio.one),
    row('fetch, three holders', three, ratio.three),
  ].join('\n')
}
