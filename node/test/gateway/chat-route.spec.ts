import { once } from 'node:events'
import { expect } from 'chai'
import { KEEP_ALIVE_MS, MAX_OPEN_COMPLETIONS } from '../../src/gateway/constants.ts'
import type { Gateway } from '../../src/gateway/index.ts'
import { settle } from '../settle.ts'
import { CHAT, FakeGateway, NOW_MS, eventsOf, post, textOf } from './fake-gateway.ts'
import { JOB, PROVIDER, ScriptedJob } from './scripted-job.ts'

const CREATED = Math.floor(NOW_MS / 1_000)
const EXTRAS = { jobId: JOB, lane: 'auction', providers: [PROVIDER], paid: '42', agreed: null }
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }

describe('POST /v1/chat/completions', () => {
  let gateway: FakeGateway
  let running: Gateway | undefined

  beforeEach(() => {
    gateway = new FakeGateway()
  })
  afterEach(async () => {
    await running?.stop()
    running = undefined
  })

  async function open(
    body: object,
    headers: Record<string, string> = {},
  ): ReturnType<typeof start> {
    running ??= await gateway.listen()
    return start(running.url, body, headers)
  }

  async function start(url: string, body: object, headers: Record<string, string>) {
    return Promise.resolve(post(url, { ...CHAT, ...body }, headers))
  }

  describe('in one piece', () => {
    it('answers as OpenAI does, with what the job cost', async () => {
      gateway.client.give(new ScriptedJob().say('Quack ').say('quack').finish())
      const { body, headers, status } = await gateway.chat({ max_tokens: 5, seed: 7 })
      expect(status).to.equal(200)
      expect(body).to.deep.equal({
        id: JOB,
        object: 'chat.completion',
        created: CREATED,
        model: 'duckling',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'Quack quack' },
            finish_reason: 'stop',
          },
        ],
        usage: USAGE,
        duckmesh: EXTRAS,
      })
      expect(headers['x-duckmesh-job']).to.equal(JOB)
      const [asked] = gateway.client.asked
      expect(asked?.request).to.deep.include({ ...CHAT, maxTokens: 5 })
      expect(asked?.request.seed).to.match(/07$/)
    })

    it('asks nobody when the request is wrong', async () => {
      const { error, status } = await gateway.chat({ tools: [{}] })
      expect(status).to.equal(400)
      expect(error).to.include({ param: 'tools', code: 'spec_invalid' })
      expect((await gateway.chat({ seed: '1e3' })).error.param).to.equal('seed')
      expect((await gateway.chat({ logit_bias: { duck: 1 } })).error.param).to.equal('logit_bias')
      expect(gateway.client.asked).to.deep.equal([])
    })

    it('answers with a status that clients retry while nothing is paid', async () => {
      gateway.client.refuse('NO_BIDS')
      const { error, headers, status } = await gateway.chat()
      expect(status).to.equal(503)
      expect(headers['retry-after']).to.equal('1')
      expect(error).to.include({ code: 'no_bids', type: 'server_error' })
      gateway.client.refuse('MODEL_NOT_FOUND')
      expect(await gateway.chat()).to.deep.include({ status: 404 })
      gateway.client.refuse('BALANCE_INSUFFICIENT')
      expect(await gateway.chat()).to.deep.include({ status: 402 })
    })

    for (const code of ['PROVIDER_LOST', 'PROVIDER_BUSY', 'INTERNAL', 'TIMED_OUT'] as const) {
      it(`answers ${code} with 424 once the job is awarded: no client sends it again by itself`, async () => {
        gateway.client.give(new ScriptedJob().say('Qua').fail(code, 3n))
        const { body, error, headers, status } = await gateway.chat()
        expect(status).to.equal(424)
        expect(error).to.include({ code: code.toLowerCase(), type: 'job_failed' })
        expect(body).to.have.nested.property('error.duckmesh').that.eqls({ jobId: JOB, paid: '3' })
        expect(headers).to.not.have.property('retry-after')
        expect(headers['x-duckmesh-job']).to.equal(JOB)
        expect(gateway.logger.of('gateway.job_failed')).to.deep.equal([{ jobId: JOB, code }])
      })
    }

    it('cancels the job when the caller hangs up, before and after the award', async () => {
      const job = new ScriptedJob()
      const awarded = Promise.withResolvers<ScriptedJob>()
      gateway.client.answers = [() => Promise.resolve(job), () => awarded.promise]
      const { request } = await open({})
      await gateway.client.askedFor(1)
      request.destroy()
      await once(gateway.client.asked[0]!.signal, 'abort')
      expect(job.cancels).to.be.greaterThan(0)
      const { request: second } = await open({})
      await gateway.client.askedFor(2)
      second.destroy()
      await once(gateway.client.asked[1]!.signal, 'abort')
      awarded.resolve(new ScriptedJob().fail('CANCELLED', 0n))
    })
  })

  describe('as a stream', () => {
    it('sends the role, the texts, the end with extras, and OpenAI’s end marker', async () => {
      const award = {
        type: 'job',
        state: 'awarded',
        atMs: 1,
        segment: 0,
        provider: PROVIDER,
      } as const
      gateway.client.give(new ScriptedJob().tell(award).say('Quack ').say('').say('quack').finish())
      const { response } = await open({ stream: true })
      const { headers, statusCode } = await response
      expect(statusCode).to.equal(200)
      expect(headers['content-type']).to.equal('text/event-stream; charset=utf-8')
      expect(headers['cache-control']).to.contain('no-cache')
      expect(headers['x-duckmesh-job']).to.equal(JOB)
      expect(headers['x-request-id']).to.be.a('string')
      const { comments, data, last } = eventsOf(await textOf(response))
      const chunk = (delta: object, finish: string | null = null) => ({
        id: JOB,
        object: 'chat.completion.chunk',
        created: CREATED,
        model: 'duckling',
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
      expect(data).to.deep.equal([
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Quack ' }),
        chunk({ content: 'quack' }),
        { ...chunk({}, 'stop'), duckmesh: EXTRAS },
      ])
      expect(comments).to.deep.equal(['job awarded'])
      expect(last).to.equal('data: [DONE]')
    })

    it('adds a chunk with the usage and without a choice when it is asked for', async () => {
      gateway.client.give(new ScriptedJob().say('Quack').finish({ finishReason: 'length' }))
      const { response } = await open({ stream: true, stream_options: { include_usage: true } })
      const { data } = eventsOf(await textOf(response))
      expect(data.at(-1)).to.deep.include({ choices: [], usage: USAGE })
      expect(data.at(-2)).to.have.nested.property('choices[0].finish_reason', 'length')
      const withUsage = data.filter((chunk) => 'usage' in (chunk as object))
      expect(withUsage).to.have.length(1)
    })

    it('gives the role also to an empty answer', async () => {
      gateway.client.give(new ScriptedJob().finish())
      const { response } = await open({ stream: true })
      const { data } = eventsOf(await textOf(response))
      expect(data).to.have.length(2)
      expect(data[0]).to.have.nested.property('choices[0].delta.role', 'assistant')
    })

    it('answers with a status while nothing is paid: no stream begins', async () => {
      gateway.client.refuse('NO_BIDS')
      const { response } = await open({ stream: true })
      const { headers, statusCode } = await response
      expect(statusCode).to.equal(503)
      expect(headers['content-type']).to.match(/^application\/json/)
      expect(await textOf(response)).to.contain('no_bids')
    })

    it('tells a failure in the middle inside the stream, and no end marker', async () => {
      gateway.client.give(new ScriptedJob().say('Qua').fail('PROVIDER_LOST', 3n, 'Gone.'))
      const { response } = await open({ stream: true })
      const text = await textOf(response)
      const { data } = eventsOf(text)
      expect(data.at(-1)).to.have.nested.property('error.code', 'provider_lost')
      expect(data.at(-1)).to.have.nested.property('error.duckmesh.paid', '3')
      expect(text).to.not.contain('[DONE]')
    })

    it('cancels the job when the reader hangs up', async () => {
      const job = new ScriptedJob().say('Quack')
      gateway.client.give(job)
      const { request, response } = await open({ stream: true })
      for await (const part of (await response).setEncoding('utf8')) {
        if (String(part).includes('Quack')) break
      }
      request.destroy()
      const { signal } = gateway.client.asked[0]!
      if (!signal.aborted) await once(signal, 'abort')
      expect(signal.reason).to.have.property('code', 'CANCELLED')
      expect(job.cancels).to.be.greaterThan(0)
    })

    it('tells that it is alive while nothing comes, until the stream ends', async () => {
      const job = new ScriptedJob()
      gateway.client.give(job)
      const { response } = await open({ stream: true })
      await response
      gateway.clock.advance(KEEP_ALIVE_MS)
      gateway.clock.advance(KEEP_ALIVE_MS)
      job.say('Quack').finish()
      expect(eventsOf(await textOf(response)).comments).to.deep.equal(['waiting', 'waiting'])
      expect(gateway.clock.pending).to.deep.equal([])
    })

    it('lets pages of this machine read the stream', async () => {
      gateway.client.give(new ScriptedJob().finish())
      const origin = 'http://localhost:5173'
      const { response } = await open({ stream: true }, { origin })
      expect((await response).headers['access-control-allow-origin']).to.equal(origin)
      await textOf(response)
    })

    it('refuses more than so many at once before anything is paid, and takes the next when one ends', async () => {
      const jobs = Array.from({ length: MAX_OPEN_COMPLETIONS }, () => new ScriptedJob())
      gateway.client.give(...jobs, new ScriptedJob().finish())
      const open64 = jobs.map(() => gateway.chat())
      await gateway.client.askedFor(jobs.length)
      const { error, headers, status } = await gateway.chat()
      expect(status).to.equal(503)
      expect(error.code).to.equal('provider_busy')
      expect(headers['retry-after']).to.equal('1')
      expect(gateway.client.asked).to.have.length(jobs.length)
      jobs[0]?.finish()
      await open64[0]
      expect((await gateway.chat()).status).to.equal(200)
      for (const job of jobs) job.finish()
      await Promise.all(open64)
    })
  })

  describe('with an idempotency key', () => {
    const key = { 'idempotency-key': 'k-1' }

    it('gives two equal requests one job, in flight and after it', async () => {
      const job = new ScriptedJob().say('Quack')
      gateway.client.give(job)
      const both = [gateway.chat({}, key), gateway.chat({}, key)]
      await settle()
      job.finish()
      const [first, second] = await Promise.all(both)
      expect(first?.body).to.deep.equal(second?.body)
      expect((await gateway.chat({}, key)).body).to.deep.equal(first?.body)
      expect(gateway.client.asked).to.have.length(1)
    })

    it('replays a stream whole', async () => {
      gateway.client.give(new ScriptedJob().say('Quack ').say('quack').finish())
      const texts: string[] = []
      for (let n = 0; n < 2; n += 1) {
        const { response } = await open({ stream: true }, key)
        texts.push(await textOf(response))
      }
      expect(texts[0]).to.equal(texts[1])
      expect(gateway.client.asked).to.have.length(1)
    })

    it('refuses another request under the same key, and keys that are none', async () => {
      gateway.client.give(new ScriptedJob().finish())
      await gateway.chat({}, key)
      for (const headers of [
        key,
        { 'idempotency-key': '' },
        { 'idempotency-key': 'x'.repeat(256) },
      ]) {
        const { error, status } = await gateway.chat({ max_tokens: 9 }, headers)
        expect(status).to.equal(400)
        expect(error.param).to.equal('Idempotency-Key')
      }
      expect(gateway.client.asked).to.have.length(1)
    })

    it('tells a failed job again: one key never pays twice', async () => {
      gateway.client.give(new ScriptedJob().fail('PROVIDER_LOST', 3n), new ScriptedJob().finish())
      expect((await gateway.chat({}, key)).status).to.equal(424)
      expect((await gateway.chat({}, key)).status).to.equal(424)
      expect(gateway.client.asked).to.have.length(1)
      expect((await gateway.chat()).status, 'without a key each request is a job').to.equal(200)
    })
  })
})
