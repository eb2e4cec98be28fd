/** A packed float32 graph in onnxruntime. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { ONE_THREAD } from '../device/device.ts'
import type { SessionPlace } from '../device/device.ts'
import { EngineError } from '../errors.ts'
import { BatchDecoder } from './batch-decoder.ts'
import type { DecodeRow, LanguageModel, PromptPiece, RowRule } from './interface.ts'
import { KvArrays } from './kv-arrays.ts'
import type { KvDimensions } from './kv-arrays.ts'
import type { KvBatch } from './kv-batch.ts'
import { capacityFor, KvCache } from './kv-cache.ts'
import { nativeCall } from './native-call.ts'
import { NEW_KV_OUTPUT, withNewKvOutput } from './new-kv-output.ts'
import { sessionOptions } from './session-options.ts'

/** Logits of the last position only. */
const KEEP_ONE = keep(1)
/** Also of the one before, for kernels to which one row and several are different things. */
const KEEP_TWO = keep(2)

/**
 * A float32 graph with in-place cache. Its run() blocks its thread. A prompt is fed in pieces of two
 * tokens or more, one sequence at a time; decoding feeds one token to each row of a batch. Both give
 * the same bits whatever lies beside a row, however a prompt is cut, with any capacity and number of
 * threads (measured; adaptToMachine checks it on each machine). One token alone takes other kernels
 * than two: so decoded and prefilled keys differ in the last bits, and neither stands in for the other.
 */
export class OnnxModel implements LanguageModel<KvCache> {
  readonly #session: InferenceSession
  readonly #dimensions: KvDimensions
  readonly #decoder: BatchDecoder
  #rule: RowRule = 'any'

  private constructor(session: InferenceSession, dimensions: KvDimensions, weightBytes: number) {
    this.#session = session
    this.#dimensions = dimensions
    this.#decoder = new BatchDecoder(dimensions, weightBytes, (batch, ids) =>
      this.#runBatch(batch, ids),
    )
  }

  /** Loads a graph from its bytes. Throws MODEL_UNSUPPORTED when the runtime refuses it. */
  static async load(
    graph: Uint8Array,
    dimensions: KvDimensions,
    place: SessionPlace = ONE_THREAD,
  ): Promise<OnnxModel> {
    const { layers, kvHeads, headSize } = dimensions
    const own = { layers, kvHeads, headSize }
    try {
      const bytes = withNewKvOutput(graph, own)
      const session = await nativeCall(() => InferenceSession.create(bytes, sessionOptions(place)))
      return new OnnxModel(session, own, graph.length)
    } catch (cause) {
      const message =
        'onnxruntime refuses the graph of the model. Delete the pack and pack it again.'
      throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph' }, cause)
    }
  }

  setRows(rule: RowRule): void {
    this.#rule = rule
    this.#decoder.setRows(rule)
  }

  get decodeRuns(): number {
    return this.#decoder.runs
  }

  createCache(): KvCache {
    return new KvCache(this.#dimensions)
  }

  async prefill(cache: KvCache, ids: readonly number[]): Promise<Float32Array> {
    this.#decoder.evict(cache)
    const total = cache.length + ids.length
    const arrays = cache.reserve(total)
    const isPaired = this.#rule === 'several' && ids.length > 1
    const feeds = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(total).fill(1n), [1, total]),
      num_logits_to_keep: isPaired ? KEEP_TWO : KEEP_ONE,
      ...arrays.past(1),
    }
    const { logits } = await this.#run(feeds, { logits: null, ...arrays.present(1) })
    cache.advance(ids.length)
    const all = floats(logits)
    return isPaired ? all.subarray(all.length / 2) : all
  }

  /** The prompts are padded on the right to the longest; no row sees another one or the padding. */
  async prefillTogether(prompts: readonly PromptPiece<KvCache>[]): Promise<Float32Array[]> {
    if (this.#rule === 'one') return this.#prefillEach(prompts)
    const lengths = prompts.map(({ ids }) => ids.length)
    const [longest, shortest] = [Math.max(...lengths), Math.min(...lengths)]
    const rows = prompts.length
    const arrays = new KvArrays(this.#dimensions, rows, capacityFor(longest))
    const ids = new BigInt64Array(rows * longest)
    prompts.forEach((prompt, row) => {
      ids.set(BigInt64Array.from(prompt.ids, BigInt), row * longest)
    })
    const kept = longest - shortest + 1
    const feeds = {
      input_ids: new Tensor('int64', ids, [rows, longest]),
      attention_mask: raggedMask(lengths),
      num_logits_to_keep: keep(kept),
      ...arrays.past(rows),
    }
    const outputs = await this.#run(feeds, { logits: null, ...arrays.present(rows) })
    const logits = floats(outputs['logits'])
    const width = logits.length / (rows * kept)
    return prompts.map(({ cache }, row) => {
      const length = lengths[row] ?? 0
      cache.reserve(length).copyRow(arrays, row, 0, length)
      cache.advance(length)
      const position = row * kept + length - shortest
      return logits.subarray(position * width, (position + 1) * width)
    })
  }

  decode(rows: readonly DecodeRow<KvCache>[]): Promise<Float32Array[]> {
    return this.#decoder.decode(rows)
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

  async release(): Promise<void> {
    await nativeCall(() => this.#session.release())
  }

  #run(
    feeds: InferenceSession.FeedsType,
    fetches: InferenceSession.FetchesType,
  ): Promise<InferenceSession.ReturnType> {
    return nativeCall(() => this.#session.run(feeds, fetches))
  }

  async #prefillEach(prompts: readonly PromptPiece<KvCache>[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = []
    for (const { cache, ids } of prompts) logits.push(await this.prefill(cache, ids))
    return logits
  }

  async #runBatch(batch: KvBatch, ids: readonly number[]): Promise<Float32Array[]> {
    const arrays = batch.prepare()
    const rows = ids.length
    const feeds = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [rows, 1]),
      attention_mask: raggedMask(ids.map((_, row) => (batch.rows[row]?.length ?? 0) + 1)),
      num_logits_to_keep: KEEP_ONE,
      ...arrays.past(rows),
    }
    const outputs = await this.#run(feeds, { logits: null, [NEW_KV_OUTPUT]: null })
    batch.append(floats(outputs[NEW_KV_OUTPUT]))
    const logits = floats(outputs['logits'])
    const width = logits.length / rows
    return ids.map((_, row) => logits.subarray(row * width, (row + 1) * width))
  }
}

/** Logits of so many last positions. */
function keep(positions: number): Tensor {
  return new Tensor('int64', BigInt64Array.of(BigInt(positions)), [])
}

/** Ones for each row's tokens, then zeros: padding on the right. */
function raggedMask(lengths: readonly number[]): Tensor {
  const longest = Math.max(...lengths)
  const mask = new BigInt64Array(lengths.length * longest)
  lengths.forEach((length, row) => mask.fill(1n, row * longest, row * longest + length))
  return new Tensor('int64', mask, [lengths.length, longest])
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type === 'float32') return tensor.data as Float32Array
  throw new EngineError('MODEL_UNSUPPORTED', 'The graph gives no float32 numbers. Pack it again.')
}
