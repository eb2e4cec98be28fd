/** Rewrites the golden vectors of the sampler, proto/vectors/sampler.json. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { candidateTokens, sampleToken } from '../../../src/engine/sampler/sampler.ts'
import type { SamplerVector } from './naive-sampler.ts'

/** Writes proto/vectors/sampler.json. Run it by hand when a sampler version is added. */
type Inputs = Omit<SamplerVector, 'candidates' | 'token'>

const SEED = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'

const BASE = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  logitBias: [] as [number, number][],
  context: [] as number[],
  seed: SEED,
  t: 0,
}

const LOGITS = [1.5, -2, 3.25, 3.25, 0, -0.75, 2.5, -30]

function vary(name: string, changes: Partial<Inputs>): Inputs {
  return { ...BASE, name, logits: LOGITS, ...changes }
}

/** Float32 logits from a hash: the same on every machine. */
function hashedLogits(label: string, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const digest = createHash('sha256').update(`${label}/${i}`).digest()
    return Math.fround(digest.readInt32BE(0) / 2 ** 27)
  })
}

const INPUTS: Inputs[] = [
  vary('greedy, tie goes to the lower id', { temperature: 0 }),
  vary('greedy after penalty', { temperature: 0, repetitionPenalty: 1.5, context: [2, 3, 2] }),
  vary('greedy after bias', { temperature: 0, logitBias: [[7, 40]] }),
  ...Array.from({ length: 8 }, (_, t) => vary(`plain, t ${t}`, { t })),
  vary('t beyond 16 bits', { t: 70_000 }),
  vary('largest t', { t: 2 ** 32 - 1 }),
  vary('another seed', { seed: 'ff'.repeat(32) }),
  vary('cool', { temperature: 0.2, t: 3 }),
  vary('hot', { temperature: 2.5, t: 3 }),
  vary('top-k 1', { topK: 1, t: 5 }),
  vary('top-k 3', { topK: 3, t: 5 }),
  vary('top-k beyond the vocabulary', { topK: 100, t: 5 }),
  vary('top-p 0 keeps one', { topP: 0, t: 5 }),
  vary('top-p 0.5', { topP: 0.5, t: 5 }),
  vary('top-p exactly at a border', { logits: [2, 2, 2, 2], topP: 0.5, t: 2 }),
  vary('top-p 0.95', { topP: 0.95, t: 5 }),
  vary('top-p just below 1', { topP: 0.999999, t: 5 }),
  vary('min-p 0.1', { minP: 0.1, t: 5 }),
  vary('min-p 1 keeps ties', { minP: 1, t: 5 }),
  vary('every cut-off', { topK: 5, topP: 0.9, minP: 0.05, temperature: 0.8, t: 6 }),
  vary('penalty raises below zero', { repetitionPenalty: 1.3, context: [1, 2, 4, 99], t: 1 }),
  vary('penalty below 1', { repetitionPenalty: 0.8, context: [0, 6], t: 1 }),
  vary('penalty before bias', {
    repetitionPenalty: 2,
    context: [2],
    logitBias: [
      [2, -1.5],
      [7, 33.5],
    ],
    t: 4,
  }),
  vary('weight 0 below 29 octaves', { logits: [0, -20.101268, -20.1013], t: 1 }),
  vary('one token', { logits: [-5], t: 9 }),
  ...Array.from({ length: 12 }, (_, i) =>
    vary(`hashed ${i}`, {
      logits: hashedLogits(`sampler/${i}`, 24),
      temperature: [0.2, 0.7, 1, 1.3][i % 4] ?? 1,
      topP: [1, 0.9, 0.95][i % 3] ?? 1,
      topK: i % 5 === 0 ? 8 : 0,
      minP: i % 4 === 3 ? 0.02 : 0,
      repetitionPenalty: i % 2 === 0 ? 1 : 1.1,
      context: [1, 5, 9, 5],
      t: 17 * i,
    }),
  ),
]

function solve(inputs: Inputs): SamplerVector {
  const params = {
    ...inputs,
    logitBias: new Map(inputs.logitBias),
    seed: Uint8Array.from(Buffer.from(inputs.seed, 'hex')),
  }
  const logits = Float32Array.from(inputs.logits)
  const candidates = candidateTokens(logits, params, inputs.context)
  return {
    ...inputs,
    logits: [...logits],
    candidates: candidates.map(({ id, weight }) => [id, weight]),
    token: sampleToken(logits, params, inputs.context, inputs.t),
  }
}

const lines = INPUTS.map((inputs) => `    ${JSON.stringify(solve(inputs))}`)
const comment =
  'Sampler version 1 (SCHEMAS). logits are float32; candidates are [id, weight], best first.'
const json = `{\n  "comment": ${JSON.stringify(comment)},\n  "version": 1,\n  "cases": [\n${lines.join(',\n')}\n  ]\n}\n`
await writeFile(path.join(import.meta.dirname, '../../../../proto/vectors/sampler.json'), json)
