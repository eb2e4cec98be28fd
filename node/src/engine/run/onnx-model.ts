import { InferenceSession, Tensor } from 'onnxruntime-node'
import { EngineError } from '../errors.ts'
import type { DecodeRow, LanguageModel } from './interface.ts'
import { KvCache } from './kv-cache.ts'
import type { KvDimensions } from './kv-cache.ts'

/**
 * One thread that never spins: the node's other threads need the cores. The optimisation level is
 * fixed, because another level moves logits by some 1e-6.
 */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
}

/** A float32 graph with in-place cache on onnxruntime's CPU provider. Its run() blocks its thread. */
export class OnnxModel implements LanguageModel<KvCache> {
  readonly #session: InferenceSession
  readonly #dimensions: KvDimensions

  private constructor(session: InferenceSession, dimensions: KvDimensions) {
    this.#session = session
    this.#dimensions = dimensions
  }

  /** Loads a graph from its bytes. Throws MODEL_UNSUPPORTED when the runtime refuses it. */
  static async load(graph: Uint8Array, dimensions: KvDimensions): Promise<OnnxModel> {
    try {
      return new OnnxModel(await InferenceSession.create(graph, SESSION_OPTIONS), dimensions)
    } catch (cause) {
      const message =
        'onnxruntime refuses the graph of the model. Delete the pack and pack it again.'
      throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph' }, cause)
    }
  }

  createCache(): KvCache {
    return new KvCache(this.#dimensions)
  }

  async prefill(cache: KvCache, ids: readonly number[]): Promise<Float32Array> {
    const total = cache.length + ids.length
    cache.reserve(total)
    const feeds = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(total).fill(1n), [1, total]),
      num_logits_to_keep: new Tensor('int64', BigInt64Array.of(1n), []),
      ...cache.past,
    }
    const { logits } = await this.#session.run(feeds, { logits: null, ...cache.present })
    cache.advance(ids.length)
    if (logits?.type === 'float32') return logits.data as Float32Array
    throw new EngineError('MODEL_UNSUPPORTED', 'The graph gives no float32 logits. Pack it again.')
  }

  /** Row by row for now; equal to a batch bit for bit, since float32 kernels are batch-invariant. */
  async decode(rows: readonly DecodeRow<KvCache>[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = []
    for (const { cache, id } of rows) logits.push(await this.prefill(cache, [id]))
    return logits
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}
