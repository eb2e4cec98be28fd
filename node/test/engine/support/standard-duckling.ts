/** Duckling as a folder of Hugging Face with onnx/model.onnx. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildGraph } from '../../../src/engine/pack/pack-folder.ts'
import { DUCKLING_SOURCE } from './duckling.ts'

/** The standard-layout graph of Duckling. */
export function standardDuckling(): Promise<Uint8Array> {
  return buildGraph(DUCKLING_SOURCE, 'f32', 'std')
}

/** Writes the folder: no safetensors, no licence file, as such folders often come. */
export async function writeStandardDuckling(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'onnx'), { recursive: true })
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(path.join(DUCKLING_SOURCE, name), path.join(folder, name))
  }
  await writeFile(path.join(folder, 'onnx/model.onnx'), await standardDuckling())
}
