/** The comparison with Helia as tables for people. */
import type { FaultOutcome, FaultReport } from './helia-faults.ts'
import type { HeliaReport, SideResult } from './helia-bench.ts'
import { SIDES } from './sides.ts'

export function heliaTable({ faults, install, sizes }: HeliaReport): string {
  const { megabytes, packages, peerPackages, version } = install
  const installed = `Helia ${version} with unixfs and a file store: ${packages} packages (${peerPackages} of them peer dependencies), ${Math.round(megabytes)} MB. The own protocol needs none that is not there.`
  const tables = sizes.map(({ bytes, sides }) =>
    [
      `| ${Math.round(bytes / 1e6)} MB, loopback, one machine | MB/s (best / median) | of plain HTTP, same round | CPU-s per GB: fetcher + holders | peak RSS MiB: fetcher, holder | sent / file | first byte ms (+ start) |`,
      '|---|---|---|---|---|---|---|',
      ...SIDES.map(({ key, name }) => row(name, sides[key])),
    ].join('\n'),
  )
  return [installed, ...tables, faultTable(faults)].join('\n\n')
}

function row(name: string, side: SideResult): string {
  const { cpuPerGb, firstByteMs, mbPerS, medianMbPerS, peakRssMiB, ratio, sent, startMs } = side
  return `| ${name} | ${mbPerS} / ${medianMbPerS} | ${ratio} | ${cpuPerGb.fetcher} + ${cpuPerGb.holders} | ${peakRssMiB.fetcher}, ${peakRssMiB.holder} | ${sent} | ${firstByteMs} (+ ${startMs}) |`
}

function faultTable({ helia, own }: FaultReport): string {
  const cell = ({ blamed, finished, ms, sent }: FaultOutcome): string =>
    `${finished ? `finished in ${ms} ms` : `not finished after ${ms} ms`}, sent ${sent}, blamed ${blamed}`
  const resumed = (share: number): string => `, kept ${Math.round(share * 100)} %`
  return [
    '| three holders, and | own fetch | Helia session |',
    '|---|---|---|',
    `| one sends garbage | ${cell(own.liar)} | ${cell(helia.liar)} |`,
    `| the one that sent most is killed at half | ${cell(own.holderKilled)} | ${cell(helia.holderKilled)} |`,
    `| the fetcher is killed at half, and the next one | ${cell(own.fetcherKilled)}${resumed(own.fetcherKilled.resumed)} | ${cell(helia.fetcherKilled)}${resumed(helia.fetcherKilled.resumed)} |`,
  ].join('\n')
}
