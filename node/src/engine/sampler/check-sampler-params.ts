import { EngineError } from '../errors.ts'
import type { SamplerParams } from '../interface.ts'
import { SEED_BYTES } from './seeded-uniform.ts'

const MAX_BIASES = 1024

/** Refuses parameters for which sampler version 1 has no meaning. Throws REQUEST_INVALID. */
export function checkSamplerParams(params: SamplerParams, vocabSize: number): void {
  const { temperature, topP, topK, minP, repetitionPenalty, logitBias, seed } = params
  demand(temperature >= 0 && temperature <= 100, 'temperature', 'between 0 and 100')
  demand(topP >= 0 && topP <= 1, 'topP', 'between 0 and 1')
  demand(minP >= 0 && minP <= 1, 'minP', 'between 0 and 1')
  demand(Number.isSafeInteger(topK) && topK >= 0, 'topK', 'a whole number from 0')
  demand(repetitionPenalty >= 0.01 && repetitionPenalty <= 100, 'repetitionPenalty', 'in 0.01..100')
  demand(seed.length === SEED_BYTES, 'seed', `${SEED_BYTES} bytes`)
  demand(logitBias.size <= MAX_BIASES, 'logitBias', `at most ${MAX_BIASES} entries`)
  for (const [id, bias] of logitBias) {
    demand(Number.isInteger(id) && id >= 0 && id < vocabSize, 'logitBias', 'of known token ids')
    demand(Math.abs(bias) <= 1000, 'logitBias', 'between -1000 and 1000')
  }
}

function demand(holds: boolean, field: string, range: string): void {
  if (holds) return
  const message = `The sampler parameter ${field} must be ${range}. Change it and send again.`
  throw new EngineError('REQUEST_INVALID', message, { field })
}
