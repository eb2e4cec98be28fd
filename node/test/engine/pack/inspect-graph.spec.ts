/** Tests: which graphs are refused for verified service, and why. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, ensurePackedModel } from '../../../src/engine/index.ts'
import {
  identifyManifest,
  loadManifest,
  MANIFEST_FILE,
} from '../../../src/engine/model/manifest.ts'
import { describeModel } from '../../../src/engine/pack/describe-model.ts'
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import type { NodeOptions } from '../../../src/engine/pack/graph-builder.ts'
import { demandVerifiable, inspectGraph } from '../../../src/engine/pack/inspect-graph.ts'
import { encodeOnnxFragment, encodeOnnxModel } from '../../../src/engine/pack/onnx-proto.ts'
import { temporaryFolder } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'
import { standardDuckling, writeStandardDuckling } from '../support/standard-duckling.ts'

function graphWith(op: string, options: NodeOptions = {}): Uint8Array {
  const graph = new GraphBuilder()
  graph.node(op, ['x'], { outputs: ['y'], ...options })
  return encodeOnnxModel(graph.build('test'))
}

describe('engine/pack/inspect-graph', () => {
  it('lets float32 pass, in both layouts and with four-bit weights', async () => {
    expect(inspectGraph(await standardDuckling()).unfit).to.deep.equal([])
    const plain = graphWith('MatMulNBits', { attributes: { bits: 4 }, domain: 'com.microsoft' })
    expect(inspectGraph(plain).unfit).to.deep.equal([])
    const float = graphWith('MatMulNBits', { attributes: { bits: 4, accuracy_level: 1 } })
    expect(inspectGraph(float).unfit).to.deep.equal([])
  })

  const unfit: [string, Uint8Array, RegExp][] = [
    ['dynamic int8', graphWith('DynamicQuantizeLinear'), /batch neighbours/],
    ['its matrix product', graphWith('MatMulInteger'), /batch neighbours/],
    ['int8 activations', graphWith('QLinearMatMul'), /8 bits/],
    [
      'accuracy level 4',
      graphWith('MatMulNBits', { attributes: { accuracy_level: 4 } }),
      /level 4/,
    ],
    ['a cast to float16', graphWith('Cast', { attributes: { to: 10 } }), /16-bit/],
    ['random numbers', graphWith('RandomNormalLike'), /random/],
  ]
  for (const [name, graph, reason] of unfit) {
    it(`refuses ${name} with the reason`, async () => {
      const report = inspectGraph(graph)
      const { details } = await expectCode('MODEL_UNSUPPORTED', () => {
        demandVerifiable(report)
      })
      expect(details['reason']).to.match(reason)
    })
  }

  it('finds float16 weights and weights in other files', () => {
    const tensor = (fields: object): Uint8Array =>
      encodeOnnxModel({
        name: 'test',
        node: [{ op_type: 'Add', domain: '', name: 'a', input: [], output: ['y'], attribute: [] }],
        initializer: [
          { name: 'w', dims: [1], raw_data: new Uint8Array(2), data_type: 1, ...fields },
        ],
        input: [],
        output: [],
      })
    expect(inspectGraph(tensor({ data_type: 10 })).unfit).to.match(/16-bit/)
    expect(inspectGraph(tensor({})).externalFiles).to.deep.equal([])
    // Field 14 of the tensor, which the writer does not know, is appended by hand: data_location = 1.
    const plain = tensor({})
    const marked = Buffer.concat([plain, Buffer.from([0x3a, 4, 0x2a, 2, 0x70, 1])])
    expect(inspectGraph(marked).externalFiles).to.deep.equal([''])
  })

  it('refuses what is no graph', async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(40).fill(255), Buffer.from('{}')]) {
      await expectCode('MODEL_UNSUPPORTED', () => inspectGraph(bytes))
    }
  })

  it('describes an unfit model only as opaque, and loads it only as that', async () => {
    const { folder, remove } = await temporaryFolder()
    const source = path.join(folder, 'source')
    await writeStandardDuckling(source)
    const graph = Buffer.concat([await standardDuckling(), castFragment()])
    await writeFile(path.join(source, 'onnx/model.onnx'), graph)
    const description = { name: 'x', license: 'MIT', tolerance: 1e-4, calibrationPrompts: ['x'] }
    await expectCode('MODEL_UNSUPPORTED', () => describeModel(source, description))
    const manifest = await describeModel(source, { ...description, opaque: true })
    expect(manifest.determinism).to.equal('opaque')
    const packed = path.join(folder, 'packed')
    for (const determinism of ['opaque', 'f32'] as const) {
      await writeFile(
        path.join(source, MANIFEST_FILE),
        JSON.stringify({ ...manifest, determinism }),
      )
      const { cid } = await loadManifest(source)
      expect(cid).to.equal(identifyManifest({ ...manifest, determinism }).cid)
      const { folder: pack } = await ensurePackedModel(source, packed)
      const engine = new EngineHost({ folders: [pack] })
      if (determinism === 'opaque') await engine.start()
      else await expectCode('MODEL_UNSUPPORTED', () => engine.start())
      expect(engine.models().length).to.equal(determinism === 'opaque' ? 1 : 0)
      await engine.stop()
    }
    await remove()
  })
})

/** A node that rounds the logits through float16 beside the real ones. */
function castFragment(): Uint8Array {
  const graph = new GraphBuilder('half_')
  const half = graph.node('Cast', ['logits'], { attributes: { to: 10 } })
  graph.node('Cast', [half], { attributes: { to: 1 }, outputs: ['half_logits'] })
  return encodeOnnxFragment(graph.build('llama'))
}
