/** What `duckmesh models bench` found, and how it is told. */
import type { Hex } from '@duckmesh/protocols'
import type { DeviceReport } from '../engine/index.ts'
import { deviceLines } from './device-lines.ts'
import type { Rates } from './models-bench-rates.ts'

export interface BenchResult extends Rates {
  modelId: Hex
  cid: string
  name: string
  /** Where it really ran; a report is there when that was not the processor. */
  device: {
    executionProviders: readonly string[]
    processor: string
    threads: number
    report?: DeviceReport
  }
  /** Hash check, graph and self-test, ms; on a device also the trial there. */
  loadMs: number
  /** What the processor did beside a device, in the same run and in turn. */
  beside?: Rates & { loadMs: number }
  /** Rates of the device by those of the processor: below 1 the processor is the faster one. */
  ratio?: Rates
}

/** For people. */
export function benchLines(result: BenchResult): string[] {
  const { cid, device, loadMs, name } = result
  const { executionProviders, processor, report, threads } = device
  const found = report === undefined ? [] : deviceLines(name, report)
  return [
    `${name} (${cid})`,
    `  runs on ${executionProviders.join(', ')}: ${processor}, ${threads} thread(s)`,
    ...found.map((line) => `  ${line}`),
    `  loaded and self-tested in ${loadMs} ms`,
    ...rateLines(result),
  ]
}

function rateLines({ beside, ratio, ...own }: BenchResult): string[] {
  const line = (label: string, of: (rates: Rates) => number | undefined): string[] => {
    const rate = of(own)
    if (rate === undefined) return []
    const told = `  ${label}: ${rate} tokens/s`
    if (beside === undefined || ratio === undefined) return [told]
    return [`${told}; processor ${of(beside) ?? 0}: ${verdict(of(ratio) ?? 0)}`]
  }
  return [
    ...Object.keys(own.tokensPerSecond).flatMap((sequences) =>
      line(`${sequences.padStart(2)} at once`, (rates) => rates.tokensPerSecond[sequences]),
    ),
    ...line('prompts', (rates) => rates.prefillTokensPerSecond),
  ]
}

function verdict(times: number): string {
  if (times >= 1) return `${times} times as fast on the device`
  return `SLOWER on the device, ${times} times the processor's speed`
}
