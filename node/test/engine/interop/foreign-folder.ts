/** Model folders as onnx-community publishes them, of architectures that packing does not build. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { encodeOnnxModel } from '../../../src/engine/pack/onnx-proto.ts'
import type { OnnxGraph, OnnxTensor } from '../../../src/engine/pack/onnx-proto.ts'
import { DUCKLING_SOURCE } from '../support/duckling.ts'
import { GPT2_CONFIG, gpt2Graph } from './gpt2.ts'
import { QWEN3_CONFIG, qwen3Graph } from './qwen3.ts'

/** Weights below this many bytes stay in the graph's file. */
const SMALL_BYTES = 256

/** The folders that can be written. */
export type ForeignModel = 'gpt2' | 'gpt2-external' | 'qwen3'

/** Writes config.json, Duckling's tokenizer and onnx/model.onnx, in one case with its weights beside it. */
export async function writeForeignFolder(folder: string, model: ForeignModel): Promise<void> {
  await mkdir(path.join(folder, 'onnx'), { recursive: true })
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(path.join(DUCKLING_SOURCE, name), path.join(folder, name))
  }
  const json = (name: string, value: object): Promise<void> =>
    writeFile(path.join(folder, name), JSON.stringify(value))
  if (model === 'qwen3') {
    await json('config.json', QWEN3_CONFIG)
    await json('generation_config.json', { eos_token_id: [1, 0] })
    await writeGraph(folder, qwen3Graph())
  } else if (model === 'gpt2') {
    await json('config.json', GPT2_CONFIG)
    await writeGraph(folder, gpt2Graph())
  } else {
    const external = { 'transformers.js_config': { use_external_data_format: true } }
    await json('config.json', { ...GPT2_CONFIG, ...external })
    const { data, graph } = withoutWeights(gpt2Graph(), 'model.onnx_data')
    await writeGraph(folder, graph)
    await writeFile(path.join(folder, 'onnx/model.onnx_data'), data)
  }
}

/** Takes large weights out of a graph, into one file beside it. */
export function withoutWeights(
  graph: OnnxGraph,
  location: string,
): { graph: OnnxGraph; data: Uint8Array } {
  const chunks: Uint8Array[] = []
  let offset = 0
  const initializer = graph.initializer.map((tensor): OnnxTensor => {
    const { raw_data: bytes, ...rest } = tensor
    if (bytes === undefined || bytes.length < SMALL_BYTES) return tensor
    const entries = { location, offset: String(offset), length: String(bytes.length) }
    chunks.push(bytes)
    offset += bytes.length
    const external = Object.entries(entries).map(([key, value]) => ({ key, value }))
    return { ...rest, external_data: external, data_location: 1 }
  })
  return { graph: { ...graph, initializer }, data: Buffer.concat(chunks) }
}

async function writeGraph(folder: string, graph: OnnxGraph): Promise<void> {
  await writeFile(path.join(folder, 'onnx/model.onnx'), encodeOnnxModel(graph))
}
