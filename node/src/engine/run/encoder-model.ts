/** A graph that turns a text into one list of numbers: embeddings and classification. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { SessionPlace } from '../device/device.ts'
import { EngineError } from '../errors.ts'
import type { ExternalWeights } from '../model/graph-files.ts'
import type { ModelTask, Pooling } from '../model/manifest.ts'
import { nativeCall } from './native-call.ts'
import { sessionOptions } from './session-options.ts'

/** A graph's bytes; one thread and no other weights when left out. */
export interface EncoderGraph extends Partial<SessionPlace> {
  readonly bytes: Uint8Array
  readonly external?: readonly ExternalWeights[]
}

/** What is wanted of the graph. */
export interface EncoderInit {
  readonly task: Exclude<ModelTask, 'text-generation'>
  /** Of embeddings. */
  readonly pooling: Pooling
}

const PAST = /^past_key_values\.\d+\.(key|value)$/
const TOKEN_VECTORS = ['last_hidden_state', 'token_embeddings']
const WHOLE_VECTORS = ['sentence_embedding']

/**
 * Runs one text at a time, so its numbers cannot depend on others. Encoders (BERT and its like) are fed
 * with token_type_ids where they ask for them; graphs with a cache are fed with an empty one.
 */
export class EncoderModel {
  readonly #session: InferenceSession
  readonly #init: EncoderInit
  readonly #output: string

  private constructor(session: InferenceSession, init: EncoderInit, output: string) {
    this.#session = session
    this.#init = init
    this.#output = output
  }

  /** Loads a graph from its bytes. Throws MODEL_UNSUPPORTED naming what it cannot honour. */
  static async load(graph: EncoderGraph, init: EncoderInit): Promise<EncoderModel> {
    const session = await createSession(graph)
    const outputs =
      init.task === 'classification' ? ['logits'] : [...WHOLE_VECTORS, ...TOKEN_VECTORS]
    const output = outputs.find((name) => session.outputNames.includes(name))
    if (output === undefined) throw unsupported(`it gives none of ${outputs.join(', ')}`)
    const model = new EncoderModel(session, init, output)
    for (const name of session.inputNames) model.#feed(name, [0])
    return model
  }

  /** Embedding of length 1 (Euclidean), or raw logits of the classes. */
  async encode(ids: readonly number[]): Promise<Float32Array> {
    const feeds = Object.fromEntries(
      this.#session.inputNames.map((name) => [name, this.#feed(name, ids)]),
    )
    const { [this.#output]: output } = await nativeCall(() =>
      this.#session.run(feeds, { [this.#output]: null }),
    )
    if (output?.type !== 'float32') throw unsupported('its output is not float32')
    const values = output.data as Float32Array
    const width = output.dims.at(-1) ?? 0
    if (this.#init.task === 'classification') return values.slice(-width)
    return normalised(pool(values, width, this.#init.pooling))
  }

  async release(): Promise<void> {
    await nativeCall(() => this.#session.release())
  }

  #feed(name: string, ids: readonly number[]): Tensor {
    const row = (values: BigInt64Array): Tensor => new Tensor('int64', values, [1, values.length])
    if (name === 'input_ids') return row(BigInt64Array.from(ids, BigInt))
    if (name === 'attention_mask') return row(new BigInt64Array(ids.length).fill(1n))
    if (name === 'token_type_ids') return row(new BigInt64Array(ids.length))
    if (name === 'position_ids') return row(BigInt64Array.from(ids, (_, i) => BigInt(i)))
    if (name === 'num_logits_to_keep') return new Tensor('int64', BigInt64Array.of(1n), [])
    if (PAST.test(name)) return this.#emptyPast(name)
    throw unsupported(`it wants the input ${name}`)
  }

  #emptyPast(name: string): Tensor {
    const input = this.#session.inputMetadata.find((metadata) => metadata.name === name)
    const [, heads, , size] = input?.isTensor === true ? input.shape : []
    if (typeof heads !== 'number' || typeof size !== 'number') {
      throw unsupported('its cache inputs have no fixed heads')
    }
    return new Tensor('float32', new Float32Array(0), [1, heads, 0, size])
  }
}

function pool(values: Float32Array, width: number, pooling: Pooling): Float64Array {
  const tokens = values.length / width
  const [first, last] =
    pooling === 'cls' ? [0, 0] : pooling === 'last' ? [tokens - 1, tokens - 1] : [0, tokens - 1]
  const sum = new Float64Array(width)
  for (let token = first; token <= last; token++) {
    for (let i = 0; i < width; i++) sum[i] = (sum[i] ?? 0) + (values[token * width + i] ?? 0)
  }
  return sum.map((value) => value / (last - first + 1))
}

/** Square roots are exact to the last bit in IEEE 754, so all machines divide by the same length. */
function normalised(values: Float64Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  return Float32Array.from(values, (value) => (length === 0 ? 0 : value / length))
}

async function createSession({
  bytes,
  external = [],
  threads = 1,
  ...place
}: EncoderGraph): Promise<InferenceSession> {
  const options = { ...sessionOptions({ ...place, threads }), externalData: external }
  try {
    return await nativeCall(() => InferenceSession.create(bytes, options))
  } catch (cause) {
    throw unsupported('onnxruntime refuses it', cause)
  }
}

function unsupported(reason: string, cause?: unknown): EngineError {
  const message = `The graph of the model cannot be served: ${reason}. Export it again for its task.`
  return new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph', reason }, cause)
}
