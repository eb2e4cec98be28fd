/** @huggingface/transformers on the same weights as a side of the measurement. */
import { join } from 'node:path'
import { ANSWER_TOKENS, streamRequest } from './bench-requests.ts'
import type { Side } from './interface.ts'
import { packCommand } from './pack-command.ts'
import { TransformersModel } from './transformers-model.ts'

/** Writes Duckling as other programs read it and opens it there. */
export async function openTransformers(source: string, folder: string): Promise<TransformersModel> {
  const target = join(folder, 'standard')
  await packCommand(source, target, ['--layout', 'standard'])
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
