/** A product of two small matrices, computed on a device and nowhere else. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { GraphBuilder } from '../pack/graph-builder.ts'
import { encodeOnnxModel, ONNX_TYPE } from '../pack/onnx-proto.ts'
import { sessionOptions } from '../run/session-options.ts'
import type { Device } from './device.ts'

/** Width of the matrices; their numbers are small integers, so every honest device gives exactly the same. */
const SIZE = 8

/** Rejects with the runtime's error, or when the product is wrong. */
export async function tryDevice(device: Device): Promise<void> {
  const [a, b] = [numbers(3), numbers(5)]
  const options = sessionOptions({ device, threads: 1 })
  const strict = { ...options.extra, 'session.disable_cpu_ep_fallback': '1' }
  // The processor is no fall-back from itself.
  const extra = device === 'cpu' ? { ...options.extra } : strict
  const session = await InferenceSession.create(graphOf(b), { ...options, extra })
  try {
    const { product } = await session.run({ a: new Tensor('float32', a, [SIZE, SIZE]) })
    const wanted = productOf(a, b)
    const isRight = wanted.every((value, i) => value === product?.data[i])
    if (!isRight) throw new RangeError('it gave a wrong product of two matrices')
  } finally {
    await session.release()
  }
}

function graphOf(b: Float32Array): Uint8Array {
  const graph = new GraphBuilder()
  graph.input('a', ONNX_TYPE.float, [SIZE, SIZE])
  graph.node('MatMul', ['a', graph.floats('b', [SIZE, SIZE], b)], { outputs: ['product'] })
  graph.output('product', ONNX_TYPE.float, [SIZE, SIZE])
  return encodeOnnxModel(graph.build('trial'))
}

function numbers(step: number): Float32Array {
  return Float32Array.from({ length: SIZE * SIZE }, (_, i) => ((i * step) % 7) - 3)
}

function productOf(a: Float32Array, b: Float32Array): number[] {
  const at = (matrix: Float32Array, row: number, column: number): number =>
    matrix[row * SIZE + column] ?? 0
  const terms = Array.from({ length: SIZE }, (_, i) => i)
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [row, column] = [Math.floor(i / SIZE), i % SIZE]
    return terms.reduce((sum, k) => sum + at(a, row, k) * at(b, k, column), 0)
  })
}
