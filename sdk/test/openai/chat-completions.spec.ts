import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import fc from 'fast-check'
import { JobHandle } from '../../src/job/job-handle.ts'
import type { JobOptions, JobRequest } from '../../src/job/request.ts'
import { ChatCompletions } from '../../src/openai/chat-completions.ts'
import type { ChatCompletionChunk, ChatCompletionRequest } from '../../src/openai/types.ts'
import { expectCode } from '../support/expect-code.ts'
import { BACKUP, FIRST, JOB, ScriptedJobRun } from './scripted-job-run.ts'

const REQUEST: ChatCompletionRequest = {
  model: 'duckling',
  messages: [{ role: 'user', content: 'Hello' }],
}

/** Completions whose one job is the given run; `asked` is what was submitted. */
function completionsOf(run: ScriptedJobRun) {
  const asked: { request: JobRequest; options: JobOptions }[] = []
  const submit = (request: JobRequest, options: JobOptions): Promise<JobHandle> => {
    asked.push({ request, options })
    return Promise.resolve(new JobHandle(run, options.signal))
  }
  return { completions: new ChatCompletions(submit, () => 1_234_567), asked }
}

function talk(run: ScriptedJobRun): void {
  run.say('Quack ', 1, 2)
  run.say('', 3)
  run.say('quack', 4)
  run.finish({}, FIRST, BACKUP)
}

const EXTRAS = { jobId: JOB, lane: 'auction', providers: [FIRST, BACKUP], paid: '42', agreed: null }

async function submitted(over: Partial<ChatCompletionRequest>): Promise<JobRequest> {
  const run = new ScriptedJobRun()
  talk(run)
  const { asked, completions } = completionsOf(run)
  await completions.create({ ...REQUEST, ...over, stream: false })
  return asked[0]!.request
}

describe('ChatCompletions', () => {
  it('answers in one piece with usage and what it cost', async () => {
    const run = new ScriptedJobRun()
    talk(run)
    expect(
      await completionsOf(run).completions.create({ ...REQUEST, stream: false }),
    ).to.deep.equal({
      id: JOB,
      object: 'chat.completion',
      created: 1_234,
      model: 'duckling',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Quack quack' },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 },
      duckmesh: EXTRAS,
    })
  })

  it('streams the role, the texts and one last chunk with usage and extras', async () => {
    const run = new ScriptedJobRun()
    const stream = await completionsOf(run).completions.create({ ...REQUEST, stream: true })
    talk(run)
    const chunks: ChatCompletionChunk[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices: [choice] }) => choice!.delta)).to.deep.equal([
      { role: 'assistant', content: '' },
      { content: 'Quack ' },
      { content: 'quack' },
      {},
    ])
    const ends = chunks.map(({ choices: [choice] }) => choice!.finish_reason)
    expect(ends).to.deep.equal([null, null, null, 'stop'])
    for (const chunk of chunks) {
      expect(chunk).to.include({ id: JOB, object: 'chat.completion.chunk', created: 1_234 })
    }
    const last = chunks.at(-1)
    expect(last?.usage).to.deep.equal({ prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 })
    expect(last?.duckmesh).to.deep.equal(EXTRAS)
    expect(chunks.slice(0, -1).every(({ usage }) => usage === undefined)).to.equal(true)
  })

  it('tells whether the members of a redundant job agree', async () => {
    const run = new ScriptedJobRun()
    run.say('Quack', 1)
    run.finish({ agreed: true, finishReason: 'length' }, FIRST, BACKUP)
    const answer = await completionsOf(run).completions.create({ ...REQUEST, stream: false })
    expect(answer.duckmesh.agreed).to.equal(true)
    expect(answer.choices[0]?.finish_reason).to.equal('length')
  })

  it('cancels the job when the reader leaves the stream early', async () => {
    const run = new ScriptedJobRun()
    const stream = await completionsOf(run).completions.create({ ...REQUEST, stream: true })
    run.say('Quack', 1)
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'Quack') break
    expect(run.cancels).to.equal(1)
  })

  it('ends the stream with the failure of the job', async () => {
    const run = new ScriptedJobRun()
    const stream = await completionsOf(run).completions.create({ ...REQUEST, stream: true })
    run.say('Qua', 1)
    const failure = { code: 'PROVIDER_LOST', detail: 'Gone.' } as const
    run.finish({ state: 'failed', failure, finishReason: null, paid: 3n }, FIRST)
    const texts: unknown[] = []
    const error = await expectCode('PROVIDER_LOST', async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content)
    })
    expect(texts).to.deep.equal(['', 'Qua'])
    expect(error.details['paid']).to.equal(3n)
  })

  it('passes the signal on, and what submit refuses', async () => {
    const run = new ScriptedJobRun()
    talk(run)
    const { asked, completions } = completionsOf(run)
    const { signal } = new AbortController()
    await completions.create({ ...REQUEST, stream: false }, { signal })
    expect(asked[0]?.options.signal).to.equal(signal)
    const refusing = new ChatCompletions(
      () => Promise.reject(new DuckMeshError('MODEL_NOT_FOUND', 'No.')),
      () => 0,
    )
    await expectCode('MODEL_NOT_FOUND', () => refusing.create({ ...REQUEST, stream: true }))
  })

  it('translates every field that there is', async () => {
    const request = await submitted({
      max_tokens: 5,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['a', 'b'],
      logit_bias: { 1: -100, 300: 5 },
      duckmesh: {
        ...{ maxPrice: 7n, timeoutMs: 9, topK: 3, minP: 0.1, repetitionPenalty: 1.1 },
        ...{ lane: 'auction', verification: 'redundant', replicas: 5 },
      },
    })
    expect(request).to.deep.equal({
      ...REQUEST,
      maxTokens: 5,
      sampling: {
        ...{ temperature: 0.5, topP: 0.9, topK: 3, minP: 0.1, repetitionPenalty: 1.1 },
        logitBias: [
          { id: 1, bias: -100 },
          { id: 300, bias: 5 },
        ],
      },
      stop: ['a', 'b'],
      maxPrice: 7n,
      timeoutMs: 9,
      lane: 'auction',
      verification: 'redundant',
      replicas: 5,
    })
    expect(await submitted({})).to.deep.equal({ ...REQUEST, sampling: {} })
  })

  for (const token of ['duck', '-1', '1.5', '', '1234567890']) {
    it(`refuses a bias of "${token}": tokens have ids`, async () => {
      const error = await expectCode('SPEC_INVALID', () =>
        submitted({ logit_bias: { [token]: 1 } }),
      )
      expect(error.details).to.include({ field: 'logit_bias' })
    })
  }

  it('takes one stop string as a list, and the newer name of the token limit', async () => {
    const request = await submitted({ stop: 'end', max_tokens: 5, max_completion_tokens: 6 })
    expect(request.stop).to.deep.equal(['end'])
    expect(request.maxTokens).to.equal(6)
  })

  it('asks for text or one JSON object, and refuses a schema', async () => {
    expect(await submitted({ response_format: { type: 'json_object' } })).to.include({
      format: 'json',
    })
    for (const given of [{}, { response_format: { type: 'text' as const } }]) {
      expect(await submitted(given)).to.not.have.property('format')
    }
    const schema = { type: 'json_schema' } as unknown as { type: 'text' }
    const error = await expectCode('SPEC_INVALID', () => submitted({ response_format: schema }))
    expect(error.details).to.include({ field: 'response_format' })
  })

  describe('seed', () => {
    const low = (hex: string): string => `0x${hex.padStart(64, '0')}`
    const cases: [number | string, string][] = [
      [0, low('0')],
      [7, low('07')],
      [Number.MAX_SAFE_INTEGER, low('1fffffffffffff')],
      [-1, low('ffffffffffffffff')],
      ['-9223372036854775808', low('8000000000000000')],
      ['9223372036854775807', low('7fffffffffffffff')],
      [`0x${'AB'.repeat(32)}`, `0x${'ab'.repeat(32)}`],
    ]
    for (const [seed, hex] of cases) {
      it(`turns ${seed} into 32 bytes`, async () => {
        expect((await submitted({ seed })).seed).to.equal(hex)
      })
    }

    const refused = [
      1.5,
      Number.NaN,
      2 ** 53,
      '9223372036854775808',
      '-9223372036854775809',
      '1'.repeat(40),
      'seven',
      '',
      '0x12',
      '1e3',
    ]
    for (const seed of refused) {
      it(`refuses ${JSON.stringify(seed)}`, async () => {
        const error = await expectCode('SPEC_INVALID', () => submitted({ seed }))
        expect(error.details).to.include({ field: 'seed' })
      })
    }

    it('gives unlike bytes for unlike numbers, and the same for a number and its digits', async () => {
      const whole = fc.maxSafeInteger()
      await fc.assert(
        fc.asyncProperty(whole, whole, async (a, b) => {
          const [first, second] = [await submitted({ seed: a }), await submitted({ seed: b })]
          expect(first.seed === second.seed).to.equal(Object.is(a, b) || a === b)
          expect((await submitted({ seed: `${a}` })).seed).to.equal(first.seed)
        }),
        { numRuns: 50 },
      )
    })
  })
})
