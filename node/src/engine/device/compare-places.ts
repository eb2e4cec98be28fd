/** Computes the same at two places, one after the other in turn, and tells how they differ. */
import type { DeviceReport, WorkloadName } from './device-report.ts'
import type { Workload } from './workloads.ts'

/** Runs that are timed, of each workload at each place; the best counts: other programs run here too. */
const ROUNDS = 5

/** When to stop early, once everything was timed at least once, ms: a slow device is known soon enough. */
const LIMIT_MS = 4_000

export interface ComparisonRules {
  /** Called with the largest difference of each workload before it is timed; throws when that is too much. */
  readonly judge: (difference: number, name: WorkloadName) => void
  /** Milliseconds that never go back. */
  readonly now?: () => number
}

/** The first place against the second. */
export async function comparePlaces(
  first: readonly Workload[],
  second: readonly Workload[],
  { judge, now = () => performance.now() }: ComparisonRules,
): Promise<Pick<DeviceReport, 'maxDifference' | 'speed'>> {
  const speed: Partial<Record<WorkloadName, number>> = {}
  let maxDifference = 0
  for (const [i, one] of first.entries()) {
    const other = second[i]
    if (other === undefined) continue
    // The first run compiles and fills caches; it is compared and not timed.
    const different = difference(await one.run(), await other.run())
    judge(different, one.name)
    maxDifference = Math.max(maxDifference, different)
    const [firstMs, secondMs] = await bestTimes([one, other], now)
    speed[one.name] = secondMs / firstMs
    one.end()
    other.end()
  }
  return { maxDifference, speed }
}

async function bestTimes(
  places: readonly [Workload, Workload],
  now: () => number,
): Promise<[number, number]> {
  const best: [number, number] = [Infinity, Infinity]
  const startedMs = now()
  for (let round = 0; round < ROUNDS; round++) {
    for (const place of [0, 1] as const) {
      const beforeMs = now()
      await places[place].run()
      best[place] = Math.min(best[place], now() - beforeMs)
    }
    if (now() - startedMs > LIMIT_MS) break
  }
  return best
}

/** Numbers that are none, or too few, differ without bound. */
function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity
  let largest = 0
  for (const [i, value] of a.entries()) {
    const one = Math.abs(value - (b[i] ?? Infinity))
    if (Number.isNaN(one)) return Infinity
    largest = Math.max(largest, one)
  }
  return largest
}
