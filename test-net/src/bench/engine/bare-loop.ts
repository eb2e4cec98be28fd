/** The baseline: session.run in a loop, greedy, one stream, caches in place; no engine at all. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'

interface Shape {
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
}

/** What one answer of the loop was. */
export interface BareAnswer {
  readonly tokens: number
  readonly firstMs: number
}

/** The shortest loop that draws tokens from a packed graph. */
export class BareLoop {
  readonly #session: InferenceSession
  readonly #shape: Shape

  private constructor(session: InferenceSession, shape: Shape) {
    this.#session = session
    this.#shape = shape
  }

  /** Opens the graph of a packed folder with the options that the engine uses. */
  static async open(folder: string): Promise<BareLoop> {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as {
      num_hidden_layers: number
      num_key_value_heads: number
      head_dim: number
    }
    const session = await InferenceSession.create(await readFile(join(folder, 'model.onnx')), {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    const { num_hidden_layers: layers, num_key_value_heads: kvHeads, head_dim: headSize } = config
    return new BareLoop(session, { layers, kvHeads, headSize })
  }

  /** Feeds a prompt and draws tokens greedily; `forbidden` is never drawn. */
  async draw(prompt: readonly number[], count: number, forbidden: number): Promise<BareAnswer> {
    const start = performance.now()
    const cache = this.#cache(prompt.length + count)
    let [ids, length, firstMs]: [readonly number[], number, number] = [prompt, 0, 0]
    for (let drawn = 0; drawn < count; drawn++) {
      length += ids.length
      const feeds = { ...cache.past, ...inputs(ids, length) }
      const { logits } = await this.#session.run(feeds, { logits: null, ...cache.present })
      ids = [best(logits?.data as Float32Array, forbidden)]
      if (drawn === 0) firstMs = performance.now() - start
    }
    return { tokens: count, firstMs }
  }

  /** Prompt tokens fed per second, one piece of the given size. */
  async prefill(tokens: number): Promise<number> {
    const cache = this.#cache(tokens)
    const start = performance.now()
    const feeds = { ...cache.past, ...inputs(Array<number>(tokens).fill(7), tokens) }
    await this.#session.run(feeds, { logits: null, ...cache.present })
    return (tokens / (performance.now() - start)) * 1000
  }

  async close(): Promise<void> {
    await this.#session.release()
  }

  #cache(tokens: number): Record<'past' | 'present', Record<string, Tensor>> {
    const { headSize, kvHeads, layers } = this.#shape
    const capacity = Math.ceil(tokens / 32) * 32
    const cache = { past: {} as Record<string, Tensor>, present: {} as Record<string, Tensor> }
    for (let layer = 0; layer < layers; layer++) {
      for (const kind of ['key', 'value']) {
        const values = new Float32Array(kvHeads * capacity * headSize)
        const tensor = new Tensor('float32', values, [1, kvHeads, capacity, headSize])
        cache.past[`past_key_values.${layer}.${kind}`] = tensor
        cache.present[`present.${layer}.${kind}`] = tensor
      }
    }
    return cache
  }
}

function inputs(ids: readonly number[], length: number): Record<string, Tensor> {
  return {
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new Tensor('int64', new BigInt64Array(length).fill(1n), [1, length]),
    num_logits_to_keep: new Tensor('int64', BigInt64Array.of(1n), []),
  }
}

function best(logits: Float32Array, forbidden: number): number {
  let winner = forbidden === 0 ? 1 : 0
  let highest = -Infinity
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] ?? -Infinity
    if (logit <= highest || id === forbidden) continue
    highest = logit
    winner = id
  }
  return winner
}
