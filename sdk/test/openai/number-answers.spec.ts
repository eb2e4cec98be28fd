import { numberIds } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import { JobHandle } from '../../src/job/job-handle.ts'
import type { HandledRun, JobResult } from '../../src/job/job-handle.ts'
import { classificationOf, embeddingsOf } from '../../src/openai/number-answers.ts'
import { toClassificationJob, toEmbeddingJob } from '../../src/openai/number-answers.ts'
import type { ClassificationRequest } from '../../src/openai/types.ts'
import { expectCode } from '../support/expect-code.ts'
import { FIRST, JOB, ScriptedJobRun } from './scripted-job-run.ts'

const EXTRAS = { jobId: JOB, lane: 'auction', providers: [FIRST], paid: '21', agreed: null }
const HEAD = { id: JOB, created: 1_234, model: 'm' }
const USAGE = { prompt_tokens: 4, total_tokens: 4 }

/** The result of a job that delivered these numbers. */
async function resultOf(
  numbers: number[],
  model: NonNullable<HandledRun['draft']['numbers']>,
): Promise<JobResult> {
  const run = new ScriptedJobRun()
  Object.assign(run.draft, { numbers: model })
  run.say('', ...numberIds(Float32Array.from(numbers)))
  run.finish({}, FIRST)
  return new JobHandle(run).result()
}

const embedded = (): Promise<JobResult> =>
  resultOf([1, 0, -0.5, 0.25], { task: 'embed', width: 2, labels: [] })

describe('embeddings in OpenAI’s shape', () => {
  it('are lists of numbers, one for each text', async () => {
    expect(embeddingsOf({ model: 'm' }, await embedded())).to.deep.equal({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1, 0] },
        { object: 'embedding', index: 1, embedding: [-0.5, 0.25] },
      ],
      model: 'm',
      usage: USAGE,
      duckmesh: EXTRAS,
    })
  })

  it('are little-endian float32 in base64 when asked', async () => {
    const { data } = embeddingsOf({ model: 'm' }, await embedded(), 'base64')
    const bytes = Buffer.from(String(data[1]?.embedding), 'base64')
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4), bytes.length]).to.deep.equal([
      -0.5, 0.25, 8,
    ])
  })
})

describe('classifications in vLLM’s shape', () => {
  const classified = (labels: string[]): Promise<JobResult> =>
    resultOf([0, 2, 1, 500, 0, 499], { task: 'classify', width: 3, labels })

  it('have the likeliest label and the probabilities of all', async () => {
    const answer = classificationOf(HEAD, await classified(['sad', 'glad', 'neither']))
    expect(answer).to.deep.include({ ...HEAD, object: 'list', usage: USAGE, duckmesh: EXTRAS })
    expect(answer.data.map(({ index, label }) => [index, label])).to.deep.equal([
      [0, 'glad'],
      [1, 'sad'],
    ])
    for (const { num_classes: classes, probs } of answer.data) {
      expect(classes).to.equal(3)
      expect(probs.reduce((sum, one) => sum + one, 0)).to.be.closeTo(1, 1e-12)
    }
    expect(answer.data[0]?.probs[1]).to.be.closeTo(Math.E ** 2 / (1 + Math.E + Math.E ** 2), 1e-12)
    expect(answer.data[1]?.probs[0]).to.be.closeTo(1 / (1 + 1 / Math.E), 1e-12)
  })

  it('call classes without names by their number', async () => {
    const { data } = classificationOf(HEAD, await classified([]))
    expect(data.map(({ label }) => label)).to.deep.equal(['LABEL_1', 'LABEL_0'])
  })
})

describe('requests for numbers', () => {
  it('become jobs of one text or several', () => {
    expect(toEmbeddingJob({ model: 'm', input: 'a' })).to.deep.equal({
      model: 'm',
      messages: [],
      task: 'embed',
      texts: ['a'],
    })
    const duckmesh = { maxPrice: 7n, lane: 'direct', timeoutMs: 9 } as const
    expect(toClassificationJob({ model: 'm', input: ['a', 'b'], duckmesh })).to.deep.equal({
      model: 'm',
      messages: [],
      task: 'classify',
      texts: ['a', 'b'],
      ...duckmesh,
    })
    expect(toEmbeddingJob({ model: 'm', input: 'a', dimensions: 3 })).to.include({ width: 3 })
  })

  const token = (input: unknown): ClassificationRequest =>
    ({ model: 'm', input }) as ClassificationRequest
  for (const input of [[1, 2], [[1, 2]], 5, null, { a: 'b' }, ['a', 1]]) {
    it(`refuse ${JSON.stringify(input)} with a sentence about token ids`, async () => {
      const error = await expectCode('SPEC_INVALID', () => toEmbeddingJob(token(input)))
      expect(error.details).to.deep.equal({ field: 'input' })
      expect(error.message).to.contain('token ids')
    })
  }

  it('refuse an unknown encoding', async () => {
    const format = 'int8' as 'float'
    const ask = { model: 'm', input: 'a', encoding_format: format }
    const error = await expectCode('SPEC_INVALID', () => toEmbeddingJob(ask))
    expect(error.details).to.deep.equal({ field: 'encoding_format' })
  })
})
