/** Looks into an ONNX file for operators whose numbers a verifier could not reproduce. */
import protobuf from 'protobufjs'
import { EngineError } from '../errors.ts'

/** Only what is looked at; protobuf skips the rest, weights included. */
const SCHEMA = `syntax = "proto3"; package onnx;
message Attribute { string name = 1; int64 i = 3; Graph g = 6; repeated Graph graphs = 11; }
message Entry { string key = 1; string value = 2; }
message Tensor { int32 data_type = 2; string name = 8; repeated Entry external_data = 13; int32 data_location = 14; }
message Node { string op_type = 4; repeated Attribute attribute = 5; string domain = 7; }
message Value { string name = 1; }
message Graph {
  repeated Node node = 1; repeated Tensor initializer = 5; repeated Value input = 11; repeated Value output = 12;
}
message Model { Graph graph = 7; }`

const modelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('onnx.Model')

interface RawGraph {
  readonly node: readonly RawNode[]
  readonly initializer: readonly RawTensor[]
  readonly input: readonly { readonly name: string }[]
  readonly output: readonly { readonly name: string }[]
}

interface RawTensor {
  readonly data_type: number
  readonly data_location: number
  readonly external_data: readonly { readonly key: string; readonly value: string }[]
}

interface RawNode {
  readonly op_type: string
  readonly attribute: readonly {
    readonly name: string
    readonly i: number | { toNumber(): number }
    readonly g: RawGraph | null
    readonly graphs: readonly RawGraph[]
  }[]
}

/** What a graph is asked and gives, and why it is unfit for verified service, if it is. */
export interface GraphReport {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Empty: float32 throughout, and each row's numbers are its own. */
  readonly unfit: readonly string[]
  /** Where weights lie that are not in the file, relative to it; nobody vouches for these names. */
  readonly externalFiles: readonly string[]
}

/** One scale for the activations of the whole batch: a neighbour's prompt moves my numbers. */
const DYNAMIC_INT8 = new Set([
  'ConvInteger',
  'DynamicQuantizeLinear',
  'DynamicQuantizeLSTM',
  'DynamicQuantizeMatMul',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'QAttention',
])
const STATIC_INT8 = /^QLinear|^QGemm$|^QuantizeLinear$/
const RANDOM = /^Random|^Bernoulli$|^Multinomial$/
const HALF_TYPES = new Set([10, 16])

/** Reads the graph of an ONNX file. Throws MODEL_UNSUPPORTED when the bytes are none. */
export function inspectGraph(bytes: Uint8Array): GraphReport {
  const graph = decodeGraph(bytes)
  const reasons = new Set<string>()
  const externalFiles = new Set<string>()
  for (const each of withSubgraphs(graph)) {
    for (const node of each.node) for (const reason of reasonsAgainst(node)) reasons.add(reason)
    for (const tensor of each.initializer) {
      if (tensor.data_location === 1) externalFiles.add(locationOf(tensor))
      if (HALF_TYPES.has(tensor.data_type))
        reasons.add('it holds 16-bit floats, which each kernel rounds its own way')
    }
  }
  return {
    inputs: graph.input.map(({ name }) => name),
    outputs: graph.output.map(({ name }) => name),
    unfit: [...reasons],
    externalFiles: [...externalFiles],
  }
}

function locationOf({ external_data: entries }: RawTensor): string {
  return entries.find(({ key }) => key === 'location')?.value ?? ''
}

/** Refuses a graph that an honest provider could be accused over. Throws MODEL_UNSUPPORTED with the reason. */
export function demandVerifiable({ unfit }: GraphReport): void {
  const [reason] = unfit
  if (reason === undefined) return
  const message =
    `The graph is not fit for verified service: ${reason}. ` +
    'Export it in float32, or with weight-only quantisation that computes in float32.'
  throw new EngineError('MODEL_UNSUPPORTED', message, { reason: unfit.join('; ') })
}

function reasonsAgainst({ attribute, op_type: op }: RawNode): string[] {
  const reasons: string[] = []
  if (DYNAMIC_INT8.has(op)) {
    reasons.push(
      `${op} scales activations over the whole batch, so numbers depend on batch neighbours`,
    )
  }
  if (STATIC_INT8.test(op))
    reasons.push(`${op} computes in 8 bits, which differs between processors`)
  if (RANDOM.test(op)) reasons.push(`${op} is random`)
  const intOf = (wanted: string): number => {
    const value = attribute.find(({ name }) => name === wanted)?.i ?? 0
    return typeof value === 'number' ? value : value.toNumber()
  }
  const level = intOf('accuracy_level')
  if (op === 'MatMulNBits' && level > 1) {
    reasons.push(`MatMulNBits has accuracy_level ${level}, which differs between processors`)
  }
  if (op === 'Cast' && HALF_TYPES.has(intOf('to'))) {
    reasons.push('it computes in 16-bit floats, which each kernel rounds its own way')
  }
  return reasons
}

function* withSubgraphs(graph: RawGraph): Generator<RawGraph, void> {
  yield graph
  for (const { attribute } of graph.node) {
    for (const { g, graphs } of attribute) {
      for (const inner of g === null ? graphs : [g, ...graphs]) yield* withSubgraphs(inner)
    }
  }
}

function decodeGraph(bytes: Uint8Array): RawGraph {
  try {
    const { graph } = modelType.decode(bytes) as unknown as { graph: RawGraph | null }
    if (graph !== null && graph.node.length > 0) return graph
    throw new RangeError('it holds no nodes')
  } catch (cause) {
    const message = 'The graph of the model is no ONNX file. Take the model from its source again.'
    throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph' }, cause)
  }
}
