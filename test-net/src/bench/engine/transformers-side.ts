/** @huggingface/transformers on the same weights as a side of the measurement. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ANSWER_TOKENS, streamRequest } from './bench-requests.ts'
import type { Side } from './interface.ts'
import { TransformersModel } from './transformers-model.ts'

const NODE_SOURCE = import.meta.resolve('@duckmesh/node')
const DUCKMESH = fileURLToPath(new URL('../bin/duckmesh.js', NODE_SOURCE))

/** Writes Duckling as other programs read it and opens it there. */
export async function openTransformers(source: string, folder: string): Promise<TransformersModel> {
  const target = join(folder, 'standard')
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  const command = ['models', 'pack', source, target, '--layout', 'standard']
  await promisify(execFile)(process.execPath, [...flags, DUCKMESH, ...command])
  return TransformersModel.open(target)
}

/** What it is asked is what the engine is asked; its streams are rows of one batch, the best that it offers. */
export function transformersSide(name: string, model: TransformersModel, streams: number): Side {
  const conversations = Array.from({ length: streams }, (_, i) => streamRequest(i).messages)
  return {
    name,
    draw: async () => {
      const length = { maxTokens: ANSWER_TOKENS, minTokens: ANSWER_TOKENS }
      const answers = await model.answer(conversations, length)
      return answers.reduce((sum, { ids }) => sum + ids.length, 0)
    },
  }
}
