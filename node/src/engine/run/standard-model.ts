/** A graph in the layout of Hugging Face exports: the cache goes in, and comes out with what is new behind it. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { ONE_THREAD } from '../device/device.ts'
import type { SessionPlace } from '../device/device.ts'
import { EngineError } from '../errors.ts'
import type { ExternalWeights } from '../model/graph-files.ts'
import { BatchDecoder } from './batch-decoder.ts'
import type { DecodeRow, LanguageModel, PromptPiece, RowRule } from './interface.ts'
import type { KvDimensions } from './kv-arrays.ts'
import type { KvBatch } from './kv-batch.ts'
import { capacityFor, CAPACITY_STEP, KvCache } from './kv-cache.ts'
import { nativeCall } from './native-call.ts'
import { NEW_TOKENS_OUTPUT, withNewTokensOutput } from './new-tokens-output.ts'
import { sessionOptions } from './session-options.ts'

const PAST = /^past_key_values\.(\d+)\.(key|value)$/
const KNOWN_INPUTS = new Set(['input_ids', 'attention_mask', 'position_ids', 'num_logits_to_keep'])

/** How far logits may move by a gap between the past and the new token: far above rounding, far below a wrong answer. */
const GAP_TOLERANCE = 1e-4

/** Tokens of the trial prompt, and those decoded behind it: every vocabulary has them. */
const TRIAL_PROMPT = [0, 1, 2, 1, 0]
const TRIAL_DECODED = [1, 2, 0]

/** What a graph is loaded with. */
export interface StandardInit {
  readonly place?: SessionPlace
  readonly external?: readonly ExternalWeights[]
  /** Most tokens; a step of a row so near to it that the padding would exceed it is computed without. */
  readonly contextLength?: number
}

/**
 * A prompt is fed without padding, one sequence at a time. Decoding feeds one token to each row of a batch: the
 * past is padded on the right, and the mask leaves a gap between it and the new token, which lies behind the padding. Padding has a
 * multiple of 32 tokens, so that a sum over tokens keeps its place in vector registers whatever the padding: a row gets
 * the same bits alone and beside others (measured; adaptToMachine checks it on each machine). A graph that does not bear
 * gaps is found out when it is loaded, and runs row by row without.
 */
export class StandardModel implements LanguageModel<KvCache> {
  readonly #session: InferenceSession
  readonly #dimensions: KvDimensions
  readonly #decoder: BatchDecoder
  readonly #contextLength: number
  #gaps = true
  /** Of decode(). */
  #runsWithoutGap = 0

  private constructor(
    session: InferenceSession,
    dimensions: KvDimensions,
    weightBytes: number,
    contextLength: number,
  ) {
    this.#session = session
    this.#dimensions = dimensions
    this.#contextLength = contextLength
    this.#decoder = new BatchDecoder(dimensions, weightBytes, (batch, ids) =>
      this.#runBatch(batch, ids),
    )
  }

  /** Loads a graph from its bytes. Throws MODEL_UNSUPPORTED naming what it cannot honour. */
  static async load(
    graph: Uint8Array,
    { contextLength = Infinity, external = [], place = ONE_THREAD }: StandardInit = {},
  ): Promise<StandardModel> {
    const session = await createSession(withNewTokensOutput(graph), place, external)
    const strange = session.inputNames.find((name) => !KNOWN_INPUTS.has(name) && !PAST.test(name))
    if (strange !== undefined) throw unsupported(`it wants the input ${strange}`)
    for (const name of ['input_ids', 'attention_mask']) {
      if (!session.inputNames.includes(name)) throw unsupported(`it has no input ${name}`)
    }
    if (!session.outputNames.includes('logits')) throw unsupported('it gives no logits')
    const dimensions = dimensionsOf(session)
    const weightBytes = external.reduce((sum, { data }) => sum + data.length, graph.length)
    const model = new StandardModel(session, dimensions, weightBytes, contextLength)
    model.#gaps = await model.#bearsGaps()
    return model
  }

  get decodeRuns(): number {
    return this.#decoder.runs + this.#runsWithoutGap
  }

  createCache(): KvCache {
    return new KvCache(this.#dimensions)
  }

  async prefill(cache: KvCache, ids: readonly number[]): Promise<Float32Array> {
    this.#decoder.evict(cache)
    const total = cache.length + ids.length
    const positions = BigInt64Array.from(ids, (_, i) => BigInt(cache.length + i))
    const feeds = this.#feeds({
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(total).fill(1n), [1, total]),
      position_ids: new Tensor('int64', positions, [1, ids.length]),
    })
    const past = cache.reserve(total).exactPast(0, cache.length)
    const outputs = await this.#run({ ...feeds, ...past })
    const { logits } = outputs
    cache.reserve(total).importTokens(0, cache.length, floats(outputs[NEW_TOKENS_OUTPUT]))
    cache.advance(ids.length)
    // A copy, so that the logits of the other positions are freed.
    return floats(logits).slice(-(logits?.dims.at(-1) ?? 0))
  }

  async prefillTogether(prompts: readonly PromptPiece<KvCache>[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = []
    for (const { cache, ids } of prompts) logits.push(await this.prefill(cache, ids))
    return logits
  }

  async decode(rows: readonly DecodeRow<KvCache>[]): Promise<Float32Array[]> {
    const padded = rows.filter(({ cache }) => this.#mayPad(cache))
    const together = await this.#decoder.decode(padded)
    const logits: Float32Array[] = []
    for (const row of rows) {
      const at = padded.indexOf(row)
      if (at < 0) this.#runsWithoutGap++
      logits.push(together[at] ?? (await this.prefill(row.cache, [row.id])))
    }
    return logits
  }

  exportTokens(cache: KvCache, start: number, count: number): Float32Array {
    return this.#decoder.exportTokens(cache, start, count)
  }

  importTokens(cache: KvCache, values: Float32Array, count: number): void {
    this.#decoder.importTokens(cache, values, count)
  }

  discard(cache: KvCache): void {
    this.#decoder.discard(cache)
  }

  setRows(rule: RowRule): void {
    this.#decoder.setRows(rule)
  }

  async release(): Promise<void> {
    await nativeCall(() => this.#session.release())
  }

  /** Decided by the row alone, so that its neighbours change nothing. */
  #mayPad({ length }: KvCache): boolean {
    return this.#gaps && capacityFor(length + 1) < this.#contextLength
  }

  async #runBatch(batch: KvBatch, ids: readonly number[]): Promise<Float32Array[]> {
    const arrays = batch.prepare()
    const [rows, width] = [ids.length, arrays.capacity + 1]
    const mask = new BigInt64Array(rows * width)
    const lengths = ids.map((_, row) => batch.rows[row]?.length ?? 0)
    for (const [row, length] of lengths.entries()) {
      mask.fill(1n, row * width, row * width + length)
      mask[row * width + arrays.capacity] = 1n
    }
    const positions = BigInt64Array.from(lengths, BigInt)
    const feeds = this.#feeds({
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [rows, 1]),
      attention_mask: new Tensor('int64', mask, [rows, width]),
      position_ids: new Tensor('int64', positions, [rows, 1]),
    })
    const outputs = await this.#run({ ...feeds, ...arrays.past(rows) })
    batch.append(floats(outputs[NEW_TOKENS_OUTPUT]))
    const logits = floats(outputs['logits'])
    const size = logits.length / rows
    return ids.map((_, row) => logits.subarray(row * size, (row + 1) * size))
  }

  /** Of the inputs that every graph may want those that this one does. */
  #feeds(all: Record<string, Tensor>): Record<string, Tensor> {
    const kept = { ...all, num_logits_to_keep: new Tensor('int64', BigInt64Array.of(1n), []) }
    const wanted = Object.entries(kept).filter(([name]) => this.#session.inputNames.includes(name))
    return Object.fromEntries(wanted)
  }

  #run(feeds: InferenceSession.FeedsType): Promise<InferenceSession.ReturnType> {
    return nativeCall(() => this.#session.run(feeds, { logits: null, [NEW_TOKENS_OUTPUT]: null }))
  }

  /**
   * Decodes with a gap and without, some tokens in a row. Graphs that count positions by the length of the past, or
   * put what is new elsewhere, give other numbers or refuse.
   */
  async #bearsGaps(): Promise<boolean> {
    if (this.#contextLength <= 2 * CAPACITY_STEP) return false
    const [plain, padded] = [this.createCache(), this.createCache()]
    try {
      for (const cache of [plain, padded]) await this.prefill(cache, TRIAL_PROMPT)
      for (const id of TRIAL_DECODED) {
        const expected = await this.prefill(plain, [id])
        const [found] = await this.#decoder.decode([{ cache: padded, id }])
        if (!areClose(expected, found)) return false
      }
      return true
    } catch (error) {
      if (error instanceof EngineError) throw error
      return false
    } finally {
      for (const cache of [plain, padded]) this.discard(cache)
    }
  }
}

function areClose(expected: Float32Array, found: Float32Array | undefined): boolean {
  const bound = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1) * GAP_TOLERANCE
  return (
    found?.length === expected.length &&
    expected.every((value, i) => Math.abs(value - (found[i] ?? NaN)) <= bound)
  )
}

async function createSession(
  graph: Uint8Array,
  place: SessionPlace,
  external: readonly ExternalWeights[],
): Promise<InferenceSession> {
  const options = { ...sessionOptions(place), externalData: external }
  try {
    return await nativeCall(() => InferenceSession.create(graph, options))
  } catch (cause) {
    throw unsupported('onnxruntime refuses it', cause)
  }
}

/** From the shapes of the cache inputs: they name heads and head size, and there are two per layer. */
function dimensionsOf(session: InferenceSession): KvDimensions {
  const caches = session.inputMetadata.filter(({ name }) => PAST.test(name))
  const [first] = caches
  if (first?.isTensor !== true) throw unsupported('it has no past_key_values inputs')
  if (first.type !== 'float32') throw unsupported(`its cache is ${first.type}, not float32`)
  const [, kvHeads, , headSize] = first.shape
  const layers = caches.length / 2
  const numbered = Array.from({ length: layers }, (_, layer) => [
    `past_key_values.${layer}.key`,
    `past_key_values.${layer}.value`,
  ])
  const complete = numbered.flat().every((name) => session.inputNames.includes(name))
  if (typeof kvHeads !== 'number' || typeof headSize !== 'number' || !complete) {
    throw unsupported('its cache inputs have no fixed heads, or layers are missing')
  }
  return { layers, kvHeads, headSize }
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type === 'float32') return tensor.data as Float32Array
  throw unsupported('it gives no float32 numbers')
}

function unsupported(reason: string, cause?: unknown): EngineError {
  const message = `The graph of the model cannot be served: ${reason}. Export it with past_key_values in float32.`
  return new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph', reason }, cause)
}
