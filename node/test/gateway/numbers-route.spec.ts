import type { JobResult } from '@duckmesh/sdk'
import { expect } from 'chai'
import { FakeGateway, NOW_MS } from './fake-gateway.ts'
import type { Answer } from './fake-gateway.ts'
import { JOB, PROVIDER, ScriptedJob } from './scripted-job.ts'

const EXTRAS = { jobId: JOB, lane: 'auction', providers: [PROVIDER], paid: '42', agreed: null }
const USAGE = { prompt_tokens: 5, total_tokens: 5 }
const EMBED = { model: 'm', input: ['a', 'b'] }
const vectors = [Float32Array.of(1, 0), Float32Array.of(0, 1)]

describe('POST /v1/embeddings and /v1/classify', () => {
  let gateway: FakeGateway
  beforeEach(() => {
    gateway = new FakeGateway()
  })

  const send = (url: string, payload: object, headers: Record<string, string> = {}) =>
    gateway.ask({ method: 'POST', url, payload, headers })
  const embed = (over: object = {}, headers = {}): Promise<Answer> =>
    send('/v1/embeddings', { ...EMBED, ...over }, headers)
  const classify = (over: object = {}): Promise<Answer> =>
    send('/v1/classify', { ...EMBED, ...over })

  function give(over: Partial<JobResult> = {}): ScriptedJob {
    const job = new ScriptedJob().finish({ numbers: { vectors, labels: ['sad', 'glad'] }, ...over })
    gateway.client.give(job)
    return job
  }

  it('answers with embeddings as OpenAI does, with what the job cost', async () => {
    give()
    const { body, headers, status } = await embed({ user: 'me', encoding_format: null })
    expect(status).to.equal(200)
    expect(body).to.deep.equal({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1, 0] },
        { object: 'embedding', index: 1, embedding: [0, 1] },
      ],
      model: 'm',
      usage: USAGE,
      duckmesh: EXTRAS,
    })
    expect(headers['x-duckmesh-job']).to.equal(JOB)
    expect(gateway.client.asked[0]?.request).to.deep.equal({
      model: 'm',
      messages: [],
      task: 'embed',
      texts: ['a', 'b'],
    })
  })

  it('encodes as it is asked, and passes on what the mesh must know', async () => {
    give()
    const duckmesh = { maxPrice: '7', lane: 'direct', timeoutMs: 5 }
    const { body } = await embed({ encoding_format: 'base64', dimensions: 2, duckmesh })
    const [first] = body['data'] as { embedding: string }[]
    expect(first?.embedding).to.equal(Buffer.from(Float32Array.of(1, 0).buffer).toString('base64'))
    const asked = gateway.client.asked[0]?.request
    expect(asked).to.include({ width: 2, maxPrice: 7n, lane: 'direct', timeoutMs: 5 })
  })

  it('answers with classes as vLLM does', async () => {
    give()
    const { body, status } = await classify({ input: 'a' })
    expect(status).to.equal(200)
    expect(body).to.deep.include({ id: JOB, object: 'list', model: 'm', usage: USAGE })
    expect(body['created']).to.equal(Math.floor(NOW_MS / 1_000))
    const [first] = body['data'] as { label: string; probs: number[]; num_classes: number }[]
    expect(first).to.include({ label: 'sad', num_classes: 2 })
    expect(first?.probs[0]).to.be.closeTo(1 / (1 + 1 / Math.E), 1e-12)
    expect(gateway.client.asked[0]?.request).to.include({ task: 'classify' })
  })

  const wrong: [string, object, string][] = [
    ['token ids', { input: [1, 2] }, 'input'],
    ['lists of token ids', { input: [[1], [2]] }, 'input'],
    ['no input', { input: undefined }, 'input'],
    ['no dimensions', { dimensions: 0 }, 'dimensions'],
    ['an unknown encoding', { encoding_format: 'int8' }, 'encoding_format'],
    ['a parameter of a chat', { temperature: 0 }, 'temperature'],
    ['an extra of a chat', { duckmesh: { topK: 3 } }, 'duckmesh.topK'],
    ['no model', { model: null }, 'model'],
  ]
  for (const [what, over, param] of wrong) {
    it(`refuses ${what} with 400 and names ${param}`, async () => {
      const { error, status } = await embed(over)
      expect(status).to.equal(400)
      expect(error).to.include({ code: 'spec_invalid', param, type: 'invalid_request_error' })
      expect(gateway.client.asked).to.deep.equal([])
    })
  }

  it('names the input when it is too long or empty, before and after the award', async () => {
    for (const code of ['PROMPT_TOO_LONG', 'PROMPT_EMPTY'] as const) {
      gateway.client.refuse(code)
      expect((await embed()).error).to.include({ code: code.toLowerCase(), param: 'input' })
      gateway.client.give(new ScriptedJob().fail(code, 3n))
      const { error, status } = await classify()
      expect([status, error.param]).to.deep.equal([400, 'input'])
    }
  })

  it('keeps the money rule: what failed after the award is not tried again', async () => {
    gateway.client.refuse('NO_BIDS')
    expect((await embed()).status).to.equal(503)
    gateway.client.give(new ScriptedJob().fail('PROVIDER_LOST', 3n))
    const { error, status } = await embed()
    expect(status).to.equal(424)
    expect(error).to.deep.include({ type: 'job_failed', duckmesh: { jobId: JOB, paid: '3' } })
  })

  it('pays once for one idempotency key, and refuses it for another path', async () => {
    give()
    const key = { 'idempotency-key': 'k' }
    const answers = [await embed({}, key), await embed({}, key)]
    expect(answers[0]?.body).to.deep.equal(answers[1]?.body)
    expect(gateway.client.asked).to.have.length(1)
    const { error, status } = await send('/v1/classify', EMBED, key)
    expect([status, error.param]).to.deep.equal([400, 'Idempotency-Key'])
  })
})
