import { EngineError } from '../errors.ts'
import type { StoredTensor } from './safetensors.ts'

/** Gives a named weight as float32, after checking its shape. */
export type WeightSource = (name: string, shape: readonly number[]) => Float32Array

/**
 * Reads weights out of parsed safetensors. F16 and BF16 are widened, which is exact.
 * The returned function throws MODEL_UNSUPPORTED for a missing tensor, another shape or dtype.
 */
export function floatWeights(tensors: ReadonlyMap<string, StoredTensor>): WeightSource {
  return (name, shape) => {
    const tensor = tensors.get(name)
    if (tensor === undefined) throw unsupported(name, 'is missing')
    if (tensor.shape.join() !== shape.join()) {
      throw unsupported(name, `has shape [${tensor.shape.join()}] instead of [${shape.join()}]`)
    }
    return widen(name, tensor)
  }
}

function widen(name: string, { dtype, data }: StoredTensor): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  if (dtype === 'F32') return fill(data.length / 4, (i) => view.getFloat32(4 * i, true))
  if (dtype === 'F16') return fill(data.length / 2, (i) => view.getFloat16(2 * i, true))
  if (dtype === 'BF16') return widenBfloat(view)
  throw unsupported(name, `has dtype ${dtype}; only F32, F16 and BF16 can be packed`)
}

function fill(length: number, at: (index: number) => number): Float32Array {
  const out = new Float32Array(length)
  for (let i = 0; i < length; i++) out[i] = at(i)
  return out
}

/** A bfloat16 is the upper half of a float32. */
function widenBfloat(view: DataView): Float32Array {
  const bits = new Uint32Array(view.byteLength / 2)
  for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(2 * i, true) << 16
  return new Float32Array(bits.buffer)
}

function unsupported(name: string, reason: string): EngineError {
  const message = `The weight ${name} ${reason}. Pack a Llama-family model in Hugging Face names.`
  return new EngineError('MODEL_UNSUPPORTED', message, { weight: name })
}
