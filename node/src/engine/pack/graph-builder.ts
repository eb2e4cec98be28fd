import { ONNX_ATTRIBUTE, ONNX_TYPE } from './onnx-proto.ts'
import type {
  OnnxAttribute,
  OnnxDimension,
  OnnxGraph,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './onnx-proto.ts'

/** int attributes are numbers, int lists are arrays, floats are wrapped to tell 1.0 from 1. */
export type AttributeValue = number | readonly number[] | { readonly float: number }

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** Names of the outputs; one generated name when left out. */
  readonly outputs?: readonly string[]
  readonly domain?: string
}

/** Collects nodes and constants; names are counted, so the same calls give the same bytes. */
export class GraphBuilder {
  readonly #nodes: OnnxNode[] = []
  readonly #initializers: OnnxTensor[] = []
  readonly #inputs: OnnxValueInfo[] = []
  readonly #outputs: OnnxValueInfo[] = []
  readonly #prefix: string
  #count = 0

  /** @param prefix of every generated name, for nodes that join another graph */
  constructor(prefix = '') {
    this.#prefix = prefix
  }

  /** Adds a node; returns the name of its first output. */
  node(op: string, input: readonly string[], options: NodeOptions = {}): string {
    const name = this.#nextName(op)
    const output = options.outputs ?? [`${name}_out`]
    const attribute = Object.entries(options.attributes ?? {}).map(toAttribute)
    this.#nodes.push({ op_type: op, domain: options.domain ?? '', name, input, output, attribute })
    return output[0] ?? name
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    const bytes = new Uint8Array(4 * values.length)
    const view = new DataView(bytes.buffer)
    values.forEach((value, i) => {
      view.setFloat32(4 * i, value, true)
    })
    this.#initializers.push({ name, dims, data_type: ONNX_TYPE.float, raw_data: bytes })
    return name
  }

  /** A constant int64 vector. */
  ints(...values: number[]): string {
    const name = this.#nextName('ints')
    const bytes = new Uint8Array(8 * values.length)
    const view = new DataView(bytes.buffer)
    values.forEach((value, i) => {
      view.setBigInt64(8 * i, BigInt(value), true)
    })
    this.#initializers.push({
      name,
      dims: [values.length],
      data_type: ONNX_TYPE.int64,
      raw_data: bytes,
    })
    return name
  }

  /** A constant int64 without dimensions. */
  scalar(value: number): string {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true)
    return this.#constant('scalar', [], ONNX_TYPE.int64, bytes)
  }

  /** A constant float32 without dimensions. */
  float(value: number): string {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.#constant('float', [], ONNX_TYPE.float, bytes)
  }

  /** A named constant of bytes. */
  bytes(name: string, dims: readonly number[], values: Uint8Array): string {
    this.#initializers.push({ name, dims, data_type: ONNX_TYPE.uint8, raw_data: values })
    return name
  }

  input(name: string, elementType: number, dims: readonly (number | string)[]): string {
    this.#inputs.push(valueInfo(name, elementType, dims))
    return name
  }

  output(name: string, elementType: number, dims: readonly (number | string)[]): string {
    this.#outputs.push(valueInfo(name, elementType, dims))
    return name
  }

  build(name: string): OnnxGraph {
    return {
      name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    }
  }

  #constant(prefix: string, dims: readonly number[], type: number, bytes: Uint8Array): string {
    const name = this.#nextName(prefix)
    this.#initializers.push({ name, dims, data_type: type, raw_data: bytes })
    return name
  }

  #nextName(prefix: string): string {
    return `${this.#prefix}${prefix}_${this.#count++}`
  }
}

function toAttribute([name, value]: [string, AttributeValue]): OnnxAttribute {
  if (typeof value === 'number') return { name, type: ONNX_ATTRIBUTE.int, i: value }
  if ('float' in value) return { name, type: ONNX_ATTRIBUTE.float, f: value.float }
  return { name, type: ONNX_ATTRIBUTE.ints, ints: value }
}

function valueInfo(
  name: string,
  elementType: number,
  dims: readonly (number | string)[],
): OnnxValueInfo {
  const dim: OnnxDimension[] = dims.map((size) =>
    typeof size === 'string' ? { dim_param: size } : { dim_value: size },
  )
  return { name, type: { tensor_type: { elem_type: elementType, shape: { dim } } } }
}
