/** What a model is made to do where its speed and its numbers are compared. */
import type { RequestLimits } from '../run/check-request.ts'
import type { EncoderModel } from '../run/encoder-model.ts'
import type { LanguageModel, SequenceCache } from '../run/interface.ts'
import { PREFILL_CHUNK } from '../run/prompt-pieces.ts'
import type { WorkloadName } from './device-report.ts'

/** Something to compute again and again; equally many calls give comparable numbers everywhere. */
export interface Workload {
  readonly name: WorkloadName
  run(): Promise<Float32Array>
  /** Frees what the calls left behind. */
  end(): void
}

const TEXT_TOKENS = 32

/** Room for the tokens that are drawn behind a prompt; without it only prompts are compared. */
const DRAWN_TOKENS = 16

export function generatorWorkloads<C extends SequenceCache>(
  model: LanguageModel<C>,
  { contextLength, vocabSize }: RequestLimits,
): Workload[] {
  // Kernels differ by length, so the longest piece that is ever fed at once is among what is compared.
  const prompt = promptOf(model, madeUp(Math.min(PREFILL_CHUNK, contextLength), vocabSize))
  const room = Math.min(PREFILL_CHUNK, contextLength - DRAWN_TOKENS)
  if (room < 8) return [prompt]
  const ids = madeUp(room, vocabSize)
  return [prompt, drawOf(model, ids, 'one', 1), drawOf(model, ids, 'eight', 8)]
}

export function encoderWorkloads(
  encoder: Pick<EncoderModel, 'encode'>,
  { contextLength, vocabSize }: RequestLimits,
): Workload[] {
  const ids = madeUp(Math.min(TEXT_TOKENS, contextLength), vocabSize)
  return [{ name: 'text', run: () => encoder.encode(ids), end: () => undefined }]
}

function promptOf<C extends SequenceCache>(model: LanguageModel<C>, ids: number[]): Workload {
  const run = async (): Promise<Float32Array> => {
    const cache = model.createCache()
    const logits = await model.prefill(cache, ids)
    model.discard(cache)
    return logits
  }
  return { name: 'prompt', run, end: () => undefined }
}

/** The first call feeds the prompts too. */
function drawOf<C extends SequenceCache>(
  model: LanguageModel<C>,
  ids: number[],
  name: WorkloadName,
  sequences: number,
): Workload {
  const caches = Array.from({ length: sequences }, () => model.createCache())
  let calls = 0
  return {
    name,
    run: async () => {
      if (calls === 0) {
        for (const [i, cache] of caches.entries()) await model.prefill(cache, ids.slice(i))
      }
      const id = ids[calls++ % ids.length] ?? 0
      const rows = await model.decode(caches.map((cache) => ({ cache, id })))
      return joined(rows)
    },
    end: () => {
      for (const cache of caches) model.discard(cache)
    },
  }
}

function madeUp(count: number, vocabSize: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 7919 + 11) % vocabSize)
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0))
  let offset = 0
  for (const row of rows) {
    all.set(row, offset)
    offset += row.length
  }
  return all
}
