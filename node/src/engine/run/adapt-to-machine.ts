/** Finds out on this processor which shortcuts leave every bit as it is, and takes no others. */
import type { RequestLimits } from './check-request.ts'
import type { LanguageModel, SequenceCache } from './interface.ts'
import { BLOCK_TOKENS } from './prefix-cache.ts'
import { PREFILL_CHUNK } from './prompt-pieces.ts'

/** What was found. */
export interface MachineTraits {
  /** A sequence gets the same bits alone and beside others. */
  readonly batches: boolean
  /** A prompt gives the same bits wherever it is cut. */
  readonly cuts: boolean
  /** Size of a block of the prefix cache that keeps a hit equal to a miss. */
  readonly blockTokens: number
}

/** A model that can be told to be careful. */
export interface AdaptableModel<C extends SequenceCache> extends LanguageModel<C> {
  separateRows(): void
}

/** Tokens of the trial prompts, the second shorter; and how many are decoded. */
const TRIAL_TOKENS = 2 * BLOCK_TOKENS + 5
const SHORTER_BY = 7
const DECODED = 3

/**
 * Feeds made-up prompts whole and in pieces, and decodes them alone and beside each other. Where
 * batches give other bits, the model is told to run row by row. Where cuts give other bits, the prefix cache may begin only where prompts are cut anyway.
 * A model whose context is too short for the trial gets the most careful treatment.
 */
export async function adaptToMachine<C extends SequenceCache>(
  model: AdaptableModel<C>,
  { contextLength, vocabSize }: RequestLimits,
): Promise<MachineTraits> {
  if (contextLength < TRIAL_TOKENS + DECODED) {
    model.separateRows()
    return { batches: false, cuts: false, blockTokens: PREFILL_CHUNK }
  }
  const ids = Array.from({ length: TRIAL_TOKENS }, (_, i) => (i * 7919 + 11) % vocabSize)
  const cuts = await cutsAlike(model, ids)
  const batches = await rowsAlike(model, ids)
  if (!batches) model.separateRows()
  return { batches, cuts, blockTokens: cuts ? BLOCK_TOKENS : PREFILL_CHUNK }
}

async function cutsAlike<C extends SequenceCache>(
  model: LanguageModel<C>,
  ids: readonly number[],
): Promise<boolean> {
  const [whole, cut] = [model.createCache(), model.createCache()]
  const first = await model.prefill(whole, ids)
  await model.prefill(cut, ids.slice(0, BLOCK_TOKENS))
  const second = await model.prefill(cut, ids.slice(BLOCK_TOKENS))
  for (const cache of [whole, cut]) model.discard(cache)
  return equalBits(first, second)
}

/** Two prompts fed and decoded together against the same two one after the other. */
async function rowsAlike<C extends SequenceCache>(
  model: LanguageModel<C>,
  ids: readonly number[],
): Promise<boolean> {
  const prompts = [ids, ids.slice(SHORTER_BY).reverse()]
  const together = prompts.map((prompt) => ({ cache: model.createCache(), ids: prompt }))
  const apart = prompts.map((prompt) => ({ cache: model.createCache(), ids: prompt }))
  let alike = true
  const first = await model.prefillTogether(together)
  for (const [row, { cache, ids: prompt }] of apart.entries()) {
    alike &&= equalBits(await model.prefill(cache, prompt), first[row])
  }
  for (let step = 0; alike && step < DECODED; step++) {
    const id = (row: number): number => ids[(5 * step + 3 * row) % ids.length] ?? 0
    const next = await model.decode(together.map(({ cache }, row) => ({ cache, id: id(row) })))
    for (const [row, { cache }] of apart.entries()) {
      const [alone] = await model.decode([{ cache, id: id(row) }])
      alike &&= equalBits(alone, next[row])
    }
  }
  for (const { cache } of [...together, ...apart]) model.discard(cache)
  return alike
}

function equalBits(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && a.length === b?.length && a.every((value, i) => value === b[i])
}
