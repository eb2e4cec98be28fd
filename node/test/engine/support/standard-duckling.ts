/** Duckling as a folder of Hugging Face with onnx/model.onnx. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { floatWeights } from '../../../src/engine/pack/float-weights.ts'
import { parseLlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import { encodeOnnxModel } from '../../../src/engine/pack/onnx-proto.ts'
import { parseSafetensors } from '../../../src/engine/pack/safetensors.ts'
import { buildStandardGraph } from '../../../src/engine/pack/standard-graph.ts'
import { DUCKLING_SOURCE, readJson } from './duckling.ts'

/** The standard-layout graph of Duckling. */
export async function standardDuckling(): Promise<Uint8Array> {
  const weights = parseSafetensors(await readFile(path.join(DUCKLING_SOURCE, 'model.safetensors')))
  const config = parseLlamaConfig(await readJson(DUCKLING_SOURCE, 'config.json'))
  return encodeOnnxModel(buildStandardGraph(config, floatWeights(weights)))
}

/** Writes the folder: no safetensors, no licence file, as such folders often come. */
export async function writeStandardDuckling(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'onnx'), { recursive: true })
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(path.join(DUCKLING_SOURCE, name), path.join(folder, name))
  }
  await writeFile(path.join(folder, 'onnx/model.onnx'), await standardDuckling())
}
