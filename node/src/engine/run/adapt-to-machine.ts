/** Finds out on this processor which shortcuts leave every bit as it is, and takes no others. */
import type { RequestLimits } from './check-request.ts'
import type { LanguageModel, RowRule, SequenceCache } from './interface.ts'
import { BLOCK_TOKENS } from './prefix-cache.ts'
import { PREFILL_CHUNK } from './prompt-pieces.ts'

/** What was found. */
export interface MachineTraits {
  /** With so many rows in a run, a sequence gets the same bits alone and beside others. */
  readonly rows: RowRule
  /** A prompt gives the same bits wherever it is cut. */
  readonly cuts: boolean
  /** Size of a block of the prefix cache that keeps a hit equal to a miss. */
  readonly blockTokens: number
}

/** A model that can be told to be careful. */
export interface AdaptableModel<C extends SequenceCache> extends LanguageModel<C> {
  /** Called while nothing is decoded. */
  setRows(rule: RowRule): void
}

/**
 * Tokens of the trial prompts, each shorter than the last; and how many are decoded. Whole and cut, one more than a
 * multiple of 16 and of 32: where a kernel works on tiles, one token is left alone.
 */
const TRIAL_TOKENS = 2 * BLOCK_TOKENS + 1
const SHORTER_BY = 7
const DECODED = 3

/**
 * Feeds made-up prompts whole and in pieces, and decodes them alone and beside each other. Where one row gets other bits than
 * several (four-bit weights have a kernel of their own for one row), runs have two at least; where that does not help, one. Where cuts
 * give other bits, the prefix cache may begin only where prompts are cut anyway. A model whose context is too short for the trial gets
 * the most careful treatment.
 */
export async function adaptToMachine<C extends SequenceCache>(
  model: AdaptableModel<C>,
  { contextLength, vocabSize }: RequestLimits,
): Promise<MachineTraits> {
  if (contextLength < TRIAL_TOKENS + DECODED) {
    model.setRows('one')
    return { rows: 'one', cuts: false, blockTokens: PREFILL_CHUNK }
  }
  const ids = Array.from({ length: TRIAL_TOKENS }, (_, i) => (i * 7919 + 11) % vocabSize)
  const rows = await findRows(model, ids)
  const cuts = await cutsAlike(model, ids)
  return { rows, cuts, blockTokens: cuts ? BLOCK_TOKENS : PREFILL_CHUNK }
}

/** The first rule that leaves every bit as it is; the model keeps it. */
async function findRows<C extends SequenceCache>(
  model: AdaptableModel<C>,
  ids: readonly number[],
): Promise<RowRule> {
  for (const rule of ['any', 'several'] as const) {
    model.setRows(rule)
    if (await rowsAlike(model, ids)) return rule
  }
  model.setRows('one')
  return 'one'
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

/** Three prompts fed and decoded together against the same three one after the other. */
async function rowsAlike<C extends SequenceCache>(
  model: LanguageModel<C>,
  ids: readonly number[],
): Promise<boolean> {
  const prompts = [0, 1, 2].map((n) => ids.slice(n * SHORTER_BY).reverse())
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
