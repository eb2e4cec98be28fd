/** A graph in the layout of Hugging Face exports: the cache goes in and comes out whole. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { ONE_THREAD } from '../device/device.ts'
import type { SessionPlace } from '../device/device.ts'
import { EngineError } from '../errors.ts'
import type { ExternalWeights } from '../model/graph-files.ts'
import type { DecodeRow, LanguageModel, PromptPiece, SequenceCache } from './interface.ts'
import type { KvDimensions } from './kv-arrays.ts'
import { nativeCall } from './native-call.ts'
import { sessionOptions } from './session-options.ts'

/** Keys and values as the graph gave them: per layer key and value [1, kvHeads, length, headSize]. */
export class StandardCache implements SequenceCache {
  tensors: readonly Tensor[] = []
  length = 0
}

const PAST = /^past_key_values\.(\d+)\.(key|value)$/
const KNOWN_INPUTS = new Set(['input_ids', 'attention_mask', 'position_ids', 'num_logits_to_keep'])

/**
 * Runs sequences one by one: in such a graph rows of different length must be padded, which shifts
 * sums within vector registers and with them the last bits. So what is computed for an answer does not
 * depend on others; packing the model as an in-place graph gives the same network with batching.
 */
export class StandardModel implements LanguageModel<StandardCache> {
  readonly #session: InferenceSession
  readonly #dimensions: KvDimensions

  private constructor(session: InferenceSession, dimensions: KvDimensions) {
    this.#session = session
    this.#dimensions = dimensions
  }

  /** Loads a graph from its bytes. Throws MODEL_UNSUPPORTED naming what it cannot honour. */
  static async load(
    graph: Uint8Array,
    place: SessionPlace = ONE_THREAD,
    external: readonly ExternalWeights[] = [],
  ): Promise<StandardModel> {
    const session = await createSession(graph, place, external)
    const strange = session.inputNames.find((name) => !KNOWN_INPUTS.has(name) && !PAST.test(name))
    if (strange !== undefined) throw unsupported(`it wants the input ${strange}`)
    for (const name of ['input_ids', 'attention_mask']) {
      if (!session.inputNames.includes(name)) throw unsupported(`it has no input ${name}`)
    }
    if (!session.outputNames.includes('logits')) throw unsupported('it gives no logits')
    return new StandardModel(session, dimensionsOf(session))
  }

  createCache(): StandardCache {
    return new StandardCache()
  }

  async prefill(cache: StandardCache, ids: readonly number[]): Promise<Float32Array> {
    const total = cache.length + ids.length
    const feeds = this.#feeds(cache, ids, total)
    const outputs = await nativeCall(() => this.#session.run(feeds))
    const { logits } = outputs
    if (logits?.type !== 'float32') throw unsupported('its logits are not float32')
    cache.tensors = this.#cacheNames('present').map((name) => cacheTensor(outputs[name]))
    cache.length = total
    const width = logits.dims.at(-1) ?? 0
    // A copy, so that the logits of the other positions are freed.
    return (logits.data as Float32Array).slice(-width)
  }

  async prefillTogether(prompts: readonly PromptPiece<StandardCache>[]): Promise<Float32Array[]> {
    const logits: Float32Array[] = []
    for (const { cache, ids } of prompts) logits.push(await this.prefill(cache, ids))
    return logits
  }

  decode(rows: readonly DecodeRow<StandardCache>[]): Promise<Float32Array[]> {
    return this.prefillTogether(rows.map(({ cache, id }) => ({ cache, ids: [id] })))
  }

  exportTokens(cache: StandardCache, start: number, count: number): Float32Array {
    const { kvHeads, headSize } = this.#dimensions
    const width = count * headSize
    const out = new Float32Array(cache.tensors.length * kvHeads * width)
    cache.tensors.forEach(({ data }, i) => {
      for (let head = 0; head < kvHeads; head++) {
        const from = (head * cache.length + start) * headSize
        const values = (data as Float32Array).subarray(from, from + width)
        out.set(values, (i * kvHeads + head) * width)
      }
    })
    return out
  }

  importTokens(cache: StandardCache, values: Float32Array, count: number): void {
    const { kvHeads, headSize } = this.#dimensions
    const [old, added] = [cache.length * headSize, count * headSize]
    const length = cache.length + count
    cache.tensors = this.#cacheNames('present').map((_, i) => {
      const joined = new Float32Array(kvHeads * (old + added))
      const held = cache.tensors[i]?.data as Float32Array | undefined
      for (let head = 0; head < kvHeads; head++) {
        const target = head * (old + added)
        if (held !== undefined) joined.set(held.subarray(head * old, (head + 1) * old), target)
        const from = (i * kvHeads + head) * added
        joined.set(values.subarray(from, from + added), target + old)
      }
      return new Tensor('float32', joined, [1, kvHeads, length, headSize])
    })
    cache.length = length
  }

  discard(cache: StandardCache): void {
    cache.tensors = []
  }

  /** Nothing changes: runs never have more than one row. */
  separateRows(): void {
    return undefined
  }

  async release(): Promise<void> {
    await nativeCall(() => this.#session.release())
  }

  #feeds(cache: StandardCache, ids: readonly number[], total: number): Record<string, Tensor> {
    const { kvHeads, headSize } = this.#dimensions
    const positions = BigInt64Array.from(ids, (_, i) => BigInt(cache.length + i))
    const all: Record<string, Tensor> = {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(total).fill(1n), [1, total]),
      position_ids: new Tensor('int64', positions, [1, ids.length]),
      num_logits_to_keep: new Tensor('int64', BigInt64Array.of(1n), []),
    }
    const wanted = Object.entries(all).filter(([name]) => this.#session.inputNames.includes(name))
    const past = this.#cacheNames('past_key_values').map((name, i): [string, Tensor] => [
      name,
      cache.tensors[i] ?? new Tensor('float32', new Float32Array(0), [1, kvHeads, 0, headSize]),
    ])
    return Object.fromEntries([...wanted, ...past])
  }

  #cacheNames(prefix: string): string[] {
    const layers = Array.from({ length: this.#dimensions.layers }, (_, layer) => layer)
    return layers.flatMap((layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`])
  }
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

function cacheTensor(tensor: Tensor | undefined): Tensor {
  if (tensor?.type === 'float32') return tensor
  throw unsupported('it gives no float32 cache')
}

function unsupported(reason: string, cause?: unknown): EngineError {
  const message = `The graph of the model cannot be served: ${reason}. Export it with past_key_values in float32.`
  return new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph', reason }, cause)
}
