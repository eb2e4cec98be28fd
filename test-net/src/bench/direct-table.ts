/** The direct-lane report as a table for people. */
import type { DirectLaneReport } from './direct-lane.ts'

export function directTable({ added, ratio, throughput, ttft }: DirectLaneReport): string {
  const row = (name: string, side: 'bare' | 'http' | 'mesh'): string => {
    const { p50, p99 } = ttft[side]
    const plus = side === 'bare' ? '' : `+${added[side].p50} / +${added[side].p99}`
    return `| ${name} | ${p50} / ${p99} | ${plus} | ${throughput[side]} |`
  }
  return [
    '| Duckling, loopback, one machine | first token, ms (p50 / p99) | over the bare engine | tokens/s, 8 streams |',
    '|---|---|---|---|',
    row('bare engine, in process', 'bare'),
    row('plain HTTP server', 'http'),
    row('DuckMesh, direct lane, paid', 'mesh'),
    '',
    `Throughput of the mesh: ${ratio.meshToBare} of the bare engine, ${ratio.meshToHttp} of plain HTTP.`,
  ].join('\n')
}
