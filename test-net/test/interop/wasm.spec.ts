/** Tests: other kernels of the same runtime, onnxruntime-web's WASM on one thread, give the logits that providers give. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { ensurePackedModel } from '@duckmesh/node'
import { testFolder } from '../support/test-root.ts'
import { DUCKLING, pack, standardDuckling } from './node-programs.ts'

interface Manifest {
  readonly tolerance: number
  readonly calibration: readonly { readonly ids: number[]; readonly top: [number, number][] }[]
}

interface GoldenCase {
  readonly promptIds: number[]
  readonly completionIds: number[]
}

/** Sizes of Duckling's cache, layers, heads of keys and values, head size. */
const [LAYERS, KV_HEADS, HEAD_SIZE] = [4, 2, 32]

/** Logits are compared where a verifier compares them. */
const TOP = 4

/** The manifest has its logits rounded to so much. */
const ROUNDING = 5e-5

/** Either binding of the runtime; both are made of the same parts. */
type Runtime = Pick<typeof native, 'InferenceSession' | 'Tensor'>

describe('onnxruntime-web WASM against onnxruntime-node', function () {
  this.timeout(120_000)
  let folder: string
  let golden: readonly GoldenCase[]
  before(async () => {
    folder = await testFolder('wasm')
    web.env.wasm.numThreads = 1
    golden = ((await json(DUCKLING, 'golden.json')) as { cases: GoldenCase[] }).cases
  })

  it('stays within the tolerance of the manifest on the in-place graph', async () => {
    const { folder: packed } = await ensurePackedModel(DUCKLING, folder)
    await compare(packed, 'model.onnx')
  })

  it('does so on the standard layout', async () => {
    await compare(await standardDuckling(), 'onnx/model.onnx')
  })

  it('does so with four-bit weights, which are computed in float32', async () => {
    const target = join(folder, 'q4')
    await pack(DUCKLING, target, '--q4')
    await compare(target, 'model.onnx')
  })

  async function compare(packed: string, file: string): Promise<void> {
    const { calibration, tolerance } = (await json(packed, 'duckmesh.model.json')) as Manifest
    const graph = await readFile(join(packed, file))
    const [ours, other] = [
      await Logits.of(native, graph, 'cpu'),
      await Logits.of(web, graph, 'wasm'),
    ]
    for (const { ids, top } of calibration) {
      const last = (await other.behind(ids)).at(-1)
      for (const [id, logit] of top) {
        expect(last?.[id]).to.be.closeTo(logit, tolerance + ROUNDING)
      }
    }
    let [worst, positions] = [0, 0]
    for (const { completionIds, promptIds } of golden) {
      const ids = [...promptIds, ...completionIds]
      const [a, b] = [await ours.behind(ids), await other.behind(ids)]
      expect(b.map(best)).to.deep.equal(a.map(best))
      for (const [position, logits] of a.entries()) {
        for (const id of topIds(logits)) {
          const difference = Math.abs((logits[id] ?? NaN) - (b[position]?.[id] ?? NaN))
          expect(difference).to.be.at.most(tolerance)
          worst = Math.max(worst, difference)
          positions++
        }
      }
    }
    expect(positions).to.be.above(800)
    // The same bits everywhere would mean that the same kernels ran twice.
    expect(worst).to.be.above(0)
    await ours.close()
    await other.close()
  }
})

/** Computes the logits behind every token of a text in one run. */
class Logits {
  readonly #runtime: Runtime
  readonly #session: native.InferenceSession

  private constructor(runtime: Runtime, session: native.InferenceSession) {
    this.#runtime = runtime
    this.#session = session
  }

  static async of(runtime: Runtime, graph: Uint8Array, provider: string): Promise<Logits> {
    const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 }
    const options = {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      ...threads,
    } as const
    return new Logits(runtime, await runtime.InferenceSession.create(graph, options))
  }

  async behind(ids: readonly number[]): Promise<Float32Array[]> {
    const { logits } = await this.#session.run(this.#feeds(ids), ['logits'])
    const all = logits?.data as Float32Array
    const width = all.length / ids.length
    return ids.map((_, position) => all.subarray(position * width, (position + 1) * width))
  }

  async close(): Promise<void> {
    await this.#session.release()
  }

  /** An empty cache: of the length that the in-place graph will fill, of none for the standard one. */
  #feeds(ids: readonly number[]): Record<string, native.Tensor> {
    const { Tensor } = this.#runtime
    const row = (values: Iterable<bigint>): native.Tensor =>
      new Tensor('int64', BigInt64Array.from(values), [1, ids.length])
    const inPlace = this.#session.inputNames.includes('num_logits_to_keep')
    const feeds: Record<string, native.Tensor> = {
      input_ids: row(ids.map(BigInt)),
      attention_mask: row(ids.map(() => 1n)),
      ...(inPlace
        ? { num_logits_to_keep: new Tensor('int64', BigInt64Array.of(BigInt(ids.length)), []) }
        : { position_ids: row(ids.map((_, i) => BigInt(i))) }),
    }
    const length = inPlace ? ids.length : 0
    const dims = [1, KV_HEADS, length, HEAD_SIZE]
    for (let layer = 0; layer < LAYERS; layer++) {
      for (const kind of ['key', 'value']) {
        const values = new Float32Array(KV_HEADS * length * HEAD_SIZE)
        feeds[`past_key_values.${layer}.${kind}`] = new Tensor('float32', values, dims)
      }
    }
    return feeds
  }
}

function topIds(logits: Float32Array): number[] {
  const order = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0))
  return order.slice(0, TOP)
}

function best(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits))
}

async function json(folder: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, file), 'utf8'))
}
