/** Figures of a sample; times are milliseconds. */

export interface Summary {
  n: number
  p50: number
  p95: number
  p99: number
  min: number
}

/** Nearest-rank percentiles. Throws RangeError for an empty sample. */
export function summarize(sample: readonly number[]): Summary {
  const sorted = [...sample].sort((a, b) => a - b)
  return {
    n: sorted.length,
    p50: percentile(sorted, 50),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
    min: percentile(sorted, 0),
  }
}

function percentile(sorted: readonly number[], percent: number): number {
  const index = Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)
  const value = sorted[index]
  if (value === undefined) throw new RangeError('The sample is empty.')
  return round(value)
}

/** Two digits after the point: what a timer on a shared machine is worth. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
