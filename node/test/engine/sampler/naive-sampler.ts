import { createHash } from 'node:crypto'

/** One case of proto/vectors/sampler.json. */
export interface SamplerVector {
  readonly name: string
  readonly logits: number[]
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly minP: number
  readonly repetitionPenalty: number
  readonly logitBias: [number, number][]
  readonly context: number[]
  /** Hex, 32 bytes. */
  readonly seed: string
  readonly t: number
  /** What may be drawn, best first, as [id, weight]. */
  readonly candidates: [number, number][]
  readonly token: number
}

/**
 * Sampler version 1 written a second time, straight from SCHEMAS: fractions instead of bounds,
 * BigInt for every sum and comparison, no early filter. It shares no code with the sampler.
 */
export function naiveSample(vector: Omit<SamplerVector, 'candidates' | 'token' | 'name'>): {
  candidates: [number, number][]
  token: number
} {
  const rows = vector.logits.map((logit, id) => ({ id, l: logit }))
  for (const row of rows) {
    if (vector.context.includes(row.id) && vector.repetitionPenalty !== 1) {
      row.l = row.l > 0 ? row.l / vector.repetitionPenalty : row.l * vector.repetitionPenalty
    }
    for (const [id, bias] of vector.logitBias) if (id === row.id) row.l = row.l + bias
  }
  rows.sort((a, b) => (a.l === b.l ? a.id - b.id : a.l > b.l ? -1 : 1))
  const first = rows[0]
  if (first === undefined) throw new RangeError('no logits')
  if (vector.temperature === 0) return { candidates: [[first.id, 2 ** 30]], token: first.id }
  let kept = rows.map((row) => ({ id: row.id, w: weight(row.l - first.l, vector.temperature) }))
  if (vector.topK > 0) kept = kept.slice(0, vector.topK)
  kept = prefixOfShare(kept, BigInt(Math.round(vector.topP * 1e6)))
  const floor = BigInt(Math.round(vector.minP * 1e6)) * (kept[0]?.w ?? 0n)
  kept = kept.filter(({ w }) => w > 0n && w * 1_000_000n >= floor)
  const token = drawFrom(kept, uniform(vector.seed, vector.t))
  return { candidates: kept.map(({ id, w }) => [id, Number(w)]), token }
}

function weight(distance: number, temperature: number): bigint {
  const ln2 = 0.6931471805599453
  const q = Math.floor((distance * 65536) / (temperature * ln2) + 0.5)
  if (q < -29 * 65536) return 0n
  let octave = 0
  while (octave * 65536 > q) octave--
  const x = (q - octave * 65536) / 65536
  const coefficients = [
    0.0001540353039338161, 0.0013333558146428443, 0.009618129107628477, 0.05550410866482158,
    0.24022650695910072, 0.6931471805599453, 1,
  ]
  const p = coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
  let scaled = p * 1073741824
  for (let i = octave; i < 0; i++) scaled /= 2
  return BigInt(Math.floor(scaled))
}

function prefixOfShare(rows: { id: number; w: bigint }[], p: bigint): typeof rows {
  if (p >= 1_000_000n) return rows
  const total = rows.reduce((sum, { w }) => sum + w, 0n)
  for (let n = 1; n < rows.length; n++) {
    const sum = rows.slice(0, n).reduce((s, { w }) => s + w, 0n)
    if (sum * 1_000_000n >= p * total) return rows.slice(0, n)
  }
  return rows
}

function uniform(seed: string, t: number): bigint {
  const input = seed + t.toString(16).padStart(8, '0')
  const hex = createHash('sha256').update(Buffer.from(input, 'hex')).digest('hex')
  return BigInt(`0x${hex.slice(0, 16)}`) / 2048n
}

function drawFrom(rows: { id: number; w: bigint }[], u: bigint): number {
  const total = rows.reduce((sum, { w }) => sum + w, 0n)
  const r = (u * total) / 2n ** 53n
  let sum = 0n
  for (const { id, w } of rows) {
    sum += w
    if (sum > r) return id
  }
  throw new RangeError('nothing drawn')
}
