import protobuf from 'protobufjs'

/** The part of onnx.proto that a decoder graph needs; field numbers as in ONNX IR version 8. */
const SCHEMA = `syntax = "proto3"; package onnx;
message AttributeProto { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message StringStringEntryProto { string key = 1; string value = 2; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorType tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}`

/** TensorProto.DataType and AttributeProto.AttributeType numbers of ONNX. */
export const ONNX_TYPE = { float: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const
export const ONNX_ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const

export interface OnnxAttribute {
  readonly name: string
  readonly type: number
  readonly f?: number
  readonly i?: number
  readonly ints?: readonly number[]
}

export interface OnnxTensor {
  readonly name: string
  readonly dims: readonly number[]
  readonly data_type: number
  /** Little-endian, row-major; left out where it lies in another file. */
  readonly raw_data?: Uint8Array
  /** Location, offset and length of a tensor in another file, whose data_location is 1. */
  readonly external_data?: readonly { readonly key: string; readonly value: string }[]
  readonly data_location?: number
}

export interface OnnxNode {
  readonly op_type: string
  readonly domain: string
  readonly name: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly OnnxAttribute[]
}

export type OnnxDimension = { readonly dim_value: number } | { readonly dim_param: string }

export interface OnnxValueInfo {
  readonly name: string
  readonly type: {
    readonly tensor_type: {
      readonly elem_type: number
      readonly shape: { readonly dim: readonly OnnxDimension[] }
    }
  }
}

export interface OnnxGraph {
  readonly name: string
  readonly node: readonly OnnxNode[]
  readonly initializer: readonly OnnxTensor[]
  readonly input: readonly OnnxValueInfo[]
  readonly output: readonly OnnxValueInfo[]
}

const modelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto')

/** Serialises a graph as an ONNX model: opset 17 plus com.microsoft 1. Equal graphs give equal bytes. */
export function encodeOnnxModel(graph: OnnxGraph): Uint8Array {
  const model = modelType.fromObject({
    ir_version: 8,
    producer_name: 'duckmesh-pack',
    opset_import: [
      { domain: '', version: 17 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph,
  })
  return modelType.encode(model).finish()
}

/** Nodes, constants and outputs to be appended to the bytes of a model, whose graph then has them too. */
export function encodeOnnxFragment(graph: OnnxGraph): Uint8Array {
  const { node, initializer, input, output } = graph
  return modelType
    .encode(modelType.fromObject({ graph: { node, initializer, input, output } }))
    .finish()
}
