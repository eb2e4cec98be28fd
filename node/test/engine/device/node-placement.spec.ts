/** Tests: what a trace of the runtime says about where nodes ran. */
import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { placementOf } from '../../../src/engine/device/node-placement.ts'
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { encodeOnnxModel, ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'
import { sessionOptions } from '../../../src/engine/run/session-options.ts'
import { temporaryFolder } from '../support/duckling.ts'

function run(index: number, provider: string, dur: number, name = `N_${index}`): object {
  return {
    cat: 'Node',
    name: `${name}_kernel_time`,
    dur,
    args: { provider, node_index: `${index}` },
  }
}

describe('engine/device/node-placement', () => {
  it('counts each node once, and shares out the time of all runs', () => {
    const gpu = 'WebGpuExecutionProvider'
    const trace = [
      { cat: 'Session', name: 'model_run', dur: 5_000, args: {} },
      { cat: 'Node', name: 'N_1_fence_before', dur: 9, args: { op_name: 'MatMul' } },
      ...[run(1, gpu, 40), run(1, gpu, 20), run(2, gpu, 15)],
      run(3, 'CPUExecutionProvider', 25),
    ]
    expect(placementOf(trace)).to.deep.equal({ nodes: 3, deviceNodes: 2, deviceTime: 0.75 })
  })

  it('finds nothing in what is no trace', () => {
    for (const trace of [null, {}, [], [null, 7, { cat: 'Node' }]]) {
      expect(placementOf(trace)).to.deep.equal({ nodes: 0, deviceNodes: 0, deviceTime: 0 })
    }
  })

  it('reads what a real session writes: on the processor, no node ran elsewhere', async () => {
    const { folder, remove } = await temporaryFolder()
    const graph = new GraphBuilder()
    graph.input('a', ONNX_TYPE.float, [4])
    graph.node('Tanh', [graph.node('Exp', ['a'])], { outputs: ['b'] })
    graph.output('b', ONNX_TYPE.float, [4])
    const options = sessionOptions({ threads: 1, tracePrefix: path.join(folder, 'trace') })
    const session = await InferenceSession.create(encodeOnnxModel(graph.build('two')), options)
    for (let i = 0; i < 3; i++) await session.run({ a: new Tensor('float32', [0, 1, 2, 3], [4]) })
    await session.release()
    const [file = ''] = await readdir(folder)
    const placement = placementOf(JSON.parse(await readFile(path.join(folder, file), 'utf8')))
    expect(placement).to.deep.equal({ nodes: 2, deviceNodes: 0, deviceTime: 0 })
    await remove()
  })
})
