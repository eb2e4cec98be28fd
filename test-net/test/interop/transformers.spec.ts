/** Tests: model folders in @huggingface/transformers give what they give in the engine. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { TransformersModel } from '../../src/bench/engine/transformers-model.ts'
import { testFolder } from '../support/test-root.ts'
import { DUCKLING, standardDuckling, writeForeignModels } from './node-programs.ts'
import { engineAnswers } from './serve-folder.ts'

interface GoldenCase {
  readonly prompt: string
  readonly completionIds: number[]
  readonly text: string
}

const PROMPTS = ['What is 6 times 7?', 'Hello!', 'Spell the word garden, please.']
const MAX_TOKENS = 96

describe('interoperability with @huggingface/transformers', function () {
  this.timeout(120_000)
  let folder: string
  before(async () => {
    folder = await testFolder('interop')
  })

  /** Greedy answers of transformers.js, one after another. */
  async function transformersAnswers(
    model: TransformersModel,
    prompts: readonly string[],
    maxTokens: number,
  ) {
    const answers: { ids: number[]; text: string }[] = []
    for (const content of prompts) {
      answers.push(...(await model.answer([[{ role: 'user', content }]], { maxTokens })))
    }
    return answers
  }

  it('loads the standard layout of Duckling, with the same greedy texts, also as one padded batch', async () => {
    const file = await readFile(join(DUCKLING, 'golden.json'), 'utf8')
    const { cases } = JSON.parse(file) as { cases: GoldenCase[] }
    const golden = cases.map(({ completionIds: ids, text }) => ({ ids, text }))
    const prompts = cases.map(({ prompt }) => prompt)
    const target = await standardDuckling()
    expect(await engineAnswers(target, prompts, MAX_TOKENS)).to.deep.equal(golden)
    const model = await TransformersModel.open(target)
    expect(await transformersAnswers(model, prompts, MAX_TOKENS)).to.deep.equal(golden)
    const conversations = prompts.map((content) => [{ role: 'user', content }])
    expect(await model.answer(conversations, { maxTokens: MAX_TOKENS })).to.deep.equal(golden)
    await model.close()
  })

  it('answers alike from folders of other architectures, one with its weights beside the graph', async () => {
    await writeForeignModels(folder)
    for (const name of ['gpt2', 'gpt2-external', 'qwen3']) {
      const target = join(folder, name)
      const model = await TransformersModel.open(target)
      const expected = await transformersAnswers(model, PROMPTS, 24)
      await model.close()
      expect(await engineAnswers(target, PROMPTS, 24), name).to.deep.equal(expected)
      const lengths = expected.map(({ ids }) => ids.length)
      expect(Math.max(...lengths), name).to.be.above(3)
    }
  })
})
