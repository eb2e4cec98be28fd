/** A small encoder folder in the layout of Hugging Face, random weights, written by hand. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { encodeOnnxModel, ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'
import { DUCKLING_SOURCE, readJson } from './duckling.ts'

const WIDTH = 16
const LABELS = { 0: 'sad', 1: 'glad', 2: 'neither' }

/** Fixed numbers in (-1, 1). */
function numbers(count: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/** Token and type vectors added, a dense layer with GELU's cousin Tanh; logits from the first token. */
function encoderGraph(kind: 'embeddings' | 'classification', vocabSize: number): Uint8Array {
  const graph = new GraphBuilder()
  for (const name of ['input_ids', 'attention_mask', 'token_type_ids']) {
    graph.input(name, ONNX_TYPE.int64, ['batch_size', 'sequence_length'])
  }
  const words = graph.floats('words', [vocabSize, WIDTH], numbers(vocabSize * WIDTH, 1))
  const types = graph.floats('types', [2, WIDTH], numbers(2 * WIDTH, 2))
  const dense = graph.floats('dense', [WIDTH, WIDTH], numbers(WIDTH * WIDTH, 3))
  const sum = graph.node('Add', [
    graph.node('Gather', [words, 'input_ids']),
    graph.node('Gather', [types, 'token_type_ids']),
  ])
  const hidden = graph.node('Tanh', [graph.node('MatMul', [sum, dense])])
  if (kind === 'embeddings') {
    graph.node('Identity', [hidden], { outputs: ['last_hidden_state'] })
    graph.output('last_hidden_state', ONNX_TYPE.float, ['batch_size', 'sequence_length', WIDTH])
  } else {
    const head = graph.floats('head', [WIDTH, 3], numbers(3 * WIDTH, 4))
    const first = graph.node('Gather', [hidden, graph.scalar(0)], { attributes: { axis: 1 } })
    graph.node('MatMul', [first, head], { outputs: ['logits'] })
    graph.output('logits', ONNX_TYPE.float, ['batch_size', 3])
  }
  return encodeOnnxModel(graph.build('encoder'))
}

/** Writes config.json, the tokenizer and onnx/model.onnx into a folder. */
export async function writeTinyEncoder(
  folder: string,
  kind: 'embeddings' | 'classification',
): Promise<void> {
  await mkdir(path.join(folder, 'onnx'), { recursive: true })
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await writeFile(path.join(folder, name), await readFile(path.join(DUCKLING_SOURCE, name)))
  }
  const { vocab_size: vocabSize } = (await readJson(DUCKLING_SOURCE, 'config.json')) as {
    vocab_size: number
  }
  const config = {
    model_type: 'bert',
    architectures: [kind === 'embeddings' ? 'BertModel' : 'BertForSequenceClassification'],
    vocab_size: vocabSize,
    max_position_embeddings: 64,
    ...(kind === 'classification' ? { id2label: LABELS } : {}),
  }
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(path.join(folder, 'onnx/model.onnx'), encoderGraph(kind, vocabSize))
}
