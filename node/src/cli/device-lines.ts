/** What people are told about a model that does not run on the processor. */
import { isSlower } from '../engine/index.ts'
import type { DeviceReport } from '../engine/index.ts'

const WORK = {
  prompt: 'prompts',
  one: 'one answer',
  eight: 'eight answers at once',
  text: 'texts',
} as const

/** Where its nodes ran and what it computes, then how fast it is beside the processor. */
export function deviceLines(name: string, report: DeviceReport): string[] {
  const { device, deviceNodes, deviceTime, maxDifference, nodes, speed } = report
  const measured = Object.entries(speed) as [keyof typeof WORK, number][]
  const times = measured.map(([work, ratio]) => `${WORK[work]} ${ratio.toPrecision(2)}`)
  const slower = measured.filter(([, ratio]) => ratio < 1).map(([work]) => WORK[work])
  const verdict = isSlower(report) ? `SLOWER than the processor at ${slower.join(', ')}` : 'faster'
  const share = Math.round(100 * deviceTime)
  return [
    `${name} on ${device}: ${deviceNodes} of ${nodes} nodes, ${share} % of their time; differs from the processor by ${maxDifference.toPrecision(2)}; opaque`,
    `${name} on ${device} is ${verdict}; times the processor's speed: ${times.join(', ')}`,
  ]
}
