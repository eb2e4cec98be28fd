/** Measures sides turn and turn about, so that a busy machine slows all of them alike. */
import { round } from '../stats.ts'
import type { Rate, Side } from './interface.ts'

/** Draws of each side before anything counts. */
const WARM_UPS = 2

/** Best rate of each side over all rounds, by name. */
export async function measureRates(
  sides: readonly Side[],
  rounds: number,
): Promise<Record<string, Rate>> {
  const best = new Map<string, Rate>()
  for (let turn = -WARM_UPS; turn < rounds; turn++) {
    for (const side of sides) {
      const rate = await rateOf(side)
      const known = best.get(side.name) ?? { perSecond: 0, perCpuSecond: 0 }
      if (turn >= 0) best.set(side.name, better(known, rate))
    }
  }
  return Object.fromEntries(best)
}

/** Draws again and again until there are so many tokens. */
export function repeatedSide(side: Side, tokens: number): Side {
  return {
    name: side.name,
    draw: async () => {
      let drawn = 0
      while (drawn < tokens) drawn += await side.draw()
      return drawn
    },
  }
}

/** CPU time of the process so far, all threads, ms. */
export function cpuMs(): number {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** Milliseconds that work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** The median of some times, ms. */
export function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return round(sorted[Math.floor(sorted.length / 2)] ?? NaN)
}

async function rateOf(side: Side): Promise<Rate> {
  const [start, cpuStart] = [performance.now(), cpuMs()]
  const tokens = await side.draw()
  const seconds = (performance.now() - start) / 1000
  const cpuSeconds = (cpuMs() - cpuStart) / 1000
  return { perSecond: round(tokens / seconds), perCpuSecond: round(tokens / cpuSeconds) }
}

function better(a: Rate, b: Rate): Rate {
  return {
    perSecond: Math.max(a.perSecond, b.perSecond),
    perCpuSecond: Math.max(a.perCpuSecond, b.perCpuSecond),
  }
}
