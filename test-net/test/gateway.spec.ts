import { expect } from 'chai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, generateText, streamText } from 'ai'
import OpenAI, { APIError, APIUserAbortError, BadRequestError, NotFoundError } from 'openai'
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources'
import { rm } from 'node:fs/promises'
import { EngineHost } from '@duckmesh/node'
import { DUCK, stopNets } from './support/devnets.ts'
import { GatewayNet, MODEL, NORWAY, postsOf } from './support/gateway-net.ts'
import { stopProxies } from './support/recording-proxy.ts'
import { Running, killRunning } from './support/run.ts'
import { packPond } from './support/pond.ts'
import type { Pond } from './support/pond.ts'
import { until } from './support/until.ts'

const OSLO = 'The capital of Norway is Oslo.'
const messages = [{ role: 'user' as const, content: NORWAY }]

/** Bans the end token, so that an answer is as long as it may be. */
const endless = (tokens: number) => ({ max_tokens: tokens, logit_bias: { 1: -100 } })

/** Tokens that are paid at once. */
const STEP = 64
/** The dearest of three local providers asks 110 % of a thousandth DUCK for a token; wei. */
const TOKEN_PRICE = (DUCK * 110n) / 100_000n
/** Its price of a prompt of one step, of which the question is a part; wei. */
const PROMPT_PRICE = (TOKEN_PRICE * BigInt(STEP)) / 4n

interface Extras {
  jobId: string
  lane: string
  providers: string[]
  paid: string
  agreed: boolean | null
}

describe('the gateway of a peer', function () {
  this.timeout(180_000)
  let net: GatewayNet
  let openai: OpenAI
  let url: string
  /** A model for embeddings, beside the one that chats. */
  let pond: Pond

  before(async () => {
    pond = await packPond()
    net = await GatewayNet.start()
    url = net.url
    openai = clientAt(url)
  })
  after(async () => {
    stopProxies()
    killRunning()
    await stopNets()
    await rm(pond.folder, { recursive: true })
  })

  function clientAt(base: string): OpenAI {
    return new OpenAI({ baseURL: `${base}/v1`, apiKey: 'none' })
  }

  const extrasOf = (answer: object): Extras => (answer as { duckmesh: Extras }).duckmesh

  describe('with the openai package', () => {
    it('answers whole: text, usage and what it cost agree with the record', async () => {
      const answer = await openai.chat.completions.create({ model: MODEL, messages })
      const [choice] = answer.choices
      expect(choice).to.deep.include({ finish_reason: 'stop', index: 0 })
      expect(choice?.message).to.include({ role: 'assistant', content: OSLO })
      const { jobId, lane, paid, providers } = extrasOf(answer)
      const { segments, ...transcript } = await net.transcriptOf(jobId)
      expect(transcript).to.include({ state: 'finalized', lane: 'auction', paid })
      expect(lane).to.equal('auction')
      expect(providers).to.deep.equal(segments.map(({ provider }) => provider))
      const tokens = segments.reduce((sum, segment) => sum + segment.tokens, 0)
      expect(answer.usage?.completion_tokens).to.equal(tokens)
      expect(answer.usage?.prompt_tokens).to.be.greaterThan(0)
      expect(answer.usage?.total_tokens).to.equal(tokens + (answer.usage?.prompt_tokens ?? 0))
    })

    it('counts the tokens that it was asked for, and says that the length ended it', async () => {
      const answer = await openai.chat.completions.create({
        model: MODEL,
        messages,
        ...endless(20),
      })
      expect(answer.usage?.completion_tokens).to.equal(20)
      expect(answer.choices[0]?.finish_reason).to.equal('length')
    })

    it('streams the same text, with usage when asked', async () => {
      const stream = await openai.chat.completions.create({
        model: MODEL,
        messages,
        stream: true,
        stream_options: { include_usage: true },
      })
      const chunks: ChatCompletionChunk[] = []
      for await (const chunk of stream) chunks.push(chunk)
      const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
      expect(text).to.equal(OSLO)
      expect(chunks[0]?.choices[0]?.delta.role).to.equal('assistant')
      const usage = chunks.at(-1)
      expect(usage?.choices).to.deep.equal([])
      const end = chunks.at(-2)
      expect(end?.choices[0]?.finish_reason).to.equal('stop')
      const { jobId, paid } = extrasOf(end ?? {})
      const { segments, ...transcript } = await net.transcriptOf(jobId)
      expect(transcript).to.include({ state: 'finalized', paid })
      expect(usage?.usage?.completion_tokens).to.equal(segments[0]?.tokens)
    })

    it('runs a redundant job: three providers, one answer', async () => {
      const extra = { duckmesh: { verification: 'redundant', replicas: 3 } }
      const answer = await openai.chat.completions.create({ model: MODEL, messages, ...extra })
      expect(answer.choices[0]?.message.content).to.equal(OSLO)
      expect(answer.choices[0]?.finish_reason).to.equal('stop')
      const { agreed, jobId, providers } = extrasOf(answer)
      expect(agreed).to.equal(true)
      expect(new Set(providers).size).to.equal(3)
      expect((await net.transcriptOf(jobId)).segments).to.have.length(3)
    })

    it('gets the embeddings that the engine gives, related texts near each other', async () => {
      const engine = new EngineHost({ folders: [pond.folder] })
      await engine.start()
      const input = ['a brave duck', 'a brave duck!', 'the capital of Norway is Oslo']
      const signal = new AbortController().signal
      const own = await engine.embed(pond.modelId, { texts: input }, signal)
      await engine.stop()
      // This package asks for base64 by itself, and decodes it.
      const { data, usage, ...answer } = await openai.embeddings.create({ model: 'pond', input })
      const vectors = data.map(({ embedding }) => embedding)
      expect(vectors.map((one) => Float32Array.from(one))).to.deep.equal(own.outputs)
      expect(usage.prompt_tokens).to.equal(own.tokens)
      const [a, b, c] = vectors
      expect(cosine(a, b)).to.be.above(cosine(a, c))
      const { jobId, paid } = extrasOf(answer)
      expect(await net.transcriptOf(jobId)).to.include({
        state: 'finalized',
        lane: 'auction',
        paid,
      })
      const refused = await failureOf(openai.chat.completions.create({ model: 'pond', messages }))
      expect(refused).to.be.instanceOf(BadRequestError)
      expect(refused).to.include({ code: 'not_supported', param: 'model' })
    })

    it('gets JSON when it asks for it', async () => {
      const asked = {
        model: MODEL,
        messages: [{ role: 'user' as const, content: 'Who are you?' }],
        response_format: { type: 'json_object' as const },
        temperature: 1.5,
        max_completion_tokens: 120,
      }
      // The small model does not always come to an end: three fixed draws.
      const drawn = [1, 2, 3].map((seed) => Object.assign({ seed }, asked))
      const answers = await Promise.all(drawn.map((body) => openai.chat.completions.create(body)))
      const whole = answers
        .flatMap(({ choices }) => choices)
        .filter(({ finish_reason: reason }) => reason === 'stop')
      expect(whole).to.not.have.length(0)
      for (const { message } of whole) expect(JSON.parse(message.content ?? '')).to.be.an('object')
    })

    it('lists the models with their prices, and names one', async () => {
      const { data } = await openai.models.list()
      expect(data.map(({ id }) => id)).to.include(MODEL)
      const model = (await openai.models.retrieve(MODEL)) as object as {
        id: string
        duckmesh: { providers: number }
      }
      expect(model.id).to.equal(MODEL)
      expect(model.duckmesh.providers).to.be.greaterThan(0)
    })

    it('throws its own error classes, before anything is paid', async () => {
      const unknown = await failureOf(openai.chat.completions.create({ model: 'swan', messages }))
      expect(unknown).to.be.instanceOf(NotFoundError)
      expect(unknown).to.include({ code: 'model_not_found', param: 'model' })
      const tools = [{ type: 'function' as const, function: { name: 'f' } }]
      const refused = await failureOf(
        openai.chat.completions.create({ model: MODEL, messages, tools }),
      )
      expect(refused).to.be.instanceOf(BadRequestError)
      expect(refused).to.include({ code: 'spec_invalid', param: 'tools', status: 400 })
      expect(refused.requestID).to.be.a('string')
      const cheap = { duckmesh: { maxPrice: '1' } }
      const dear = await failureOf(
        openai.chat.completions.create({ model: MODEL, messages, ...cheap }),
      )
      expect(dear).to.be.instanceOf(BadRequestError)
      expect(dear).to.include({ code: 'price_above_cap', param: 'duckmesh.maxPrice' })
      expect(await failureOf(openai.models.retrieve('swan'))).to.be.instanceOf(NotFoundError)
    })

    it('stops generation and payment within a step when the reader aborts', async () => {
      const abort = new AbortController()
      const most = 400
      const stream = await openai.chat.completions.create(
        { model: MODEL, messages, stream: true, ...endless(most) },
        { signal: abort.signal },
      )
      let jobId = ''
      try {
        for await (const chunk of stream) {
          jobId = chunk.id
          if ((chunk.choices[0]?.delta.content ?? '') !== '') abort.abort()
        }
      } catch (error) {
        expect(error).to.be.instanceOf(APIUserAbortError)
      }
      const { paid, segments, state } = await net.transcriptOf(jobId)
      expect(state).to.equal('cancelled')
      const [segment] = segments
      expect(segment?.tokens).to.be.lessThan(most)
      // Nothing is paid beyond the step in which the abort came.
      const dearest = PROMPT_PRICE + BigInt((segment?.tokens ?? 0) + STEP) * TOKEN_PRICE
      expect(BigInt(paid) <= dearest, `${paid} wei for ${segment?.tokens ?? 0} tokens`).to.equal(
        true,
      )
      await until('no provider works on it', async () => {
        const all = await Promise.all(net.world.net.gateways.map(statusAt))
        return all.every(({ inFlight }) => inFlight === 0)
      })
    })

    it('serves ten chats at once', async () => {
      const asked = Array.from({ length: 10 }, async (_, n) => {
        const content = `What is ${n} times 7?`
        const stream = await openai.chat.completions.create({
          model: MODEL,
          messages: [{ role: 'user', content }],
          stream: true,
        })
        let text = ''
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
        return text
      })
      for (const text of await Promise.all(asked)) expect(text).to.not.equal('')
    })
  })

  describe('with the AI SDK', () => {
    const provider = (base: string) =>
      createOpenAICompatible({ name: 'duckmesh', baseURL: `${base}/v1`, includeUsage: true })

    it('generates a text', async () => {
      const model = provider(url)(MODEL)
      const { finishReason, text, usage } = await generateText({ model, prompt: NORWAY })
      expect(text).to.equal(OSLO)
      expect(finishReason).to.equal('stop')
      expect(usage.outputTokens).to.be.greaterThan(0)
      expect(usage.inputTokens).to.be.greaterThan(0)
    })

    it('streams a text, with what only DuckMesh knows in the request', async () => {
      const redundant = { verification: 'redundant', replicas: 3 }
      const { finishReason, textStream, usage } = streamText({
        model: provider(url)(MODEL),
        instructions: 'Be brief.',
        prompt: NORWAY,
        providerOptions: { duckmesh: { duckmesh: redundant } },
      })
      let text = ''
      for await (const part of textStream) text += part
      expect(text).to.not.equal('')
      expect(await finishReason).to.equal('stop')
      expect((await usage).outputTokens).to.be.greaterThan(0)
    })

    it('does not repeat a POST when a member of the job dies after the award', async () => {
      await net.losesMember(async (base) => {
        const work = generateText({
          model: provider(base)(MODEL),
          prompt: NORWAY,
          maxOutputTokens: 400,
          providerOptions: { duckmesh: { logit_bias: { 1: -100 }, duckmesh: THREE } },
        })
        const error = await failureOf(work)
        expect(error).to.be.instanceOf(APICallError)
        expect((error as unknown as APICallError).statusCode).to.equal(424)
      })
    })
  })

  describe('money after the award', () => {
    it('is not spent twice: openai does not repeat a POST whose job failed', async () => {
      await net.losesMember(async (base) => {
        const work = clientAt(base).chat.completions.create({
          model: MODEL,
          messages,
          ...endless(400),
          ...{ duckmesh: THREE },
        })
        const error = await failureOf(work)
        expect(error).to.be.instanceOf(APIError)
        expect(error).to.include({ status: 424, type: 'job_failed' })
      })
    })

    it('does make them repeat it while nothing is paid: both send it three times', async () => {
      const many = { duckmesh: { ...THREE, replicas: 9, maxPrice: `${50n * DUCK}` } }
      const { proxy: first, url: base } = await net.proxied()
      const body = { model: MODEL, messages, ...many }
      expect(await failureOf(clientAt(base).chat.completions.create(body))).to.include({
        status: 503,
      })
      expect(postsOf(first)).to.equal(3)
      const { proxy: second, url: other } = await net.proxied()
      const model = createOpenAICompatible({ name: 'duckmesh', baseURL: `${other}/v1` })(MODEL)
      await failureOf(generateText({ model, prompt: NORWAY, providerOptions: { duckmesh: many } }))
      expect(postsOf(second)).to.equal(3)
    })
  })

  describe('with curl', () => {
    const curl = async (...args: string[]) => {
      const { code, stdout } = await new Running(['curl', '-sS', '-i', ...args]).done
      expect(code).to.equal(0)
      const [head = '', ...body] = stdout.split('\r\n\r\n')
      return { head, body: body.join('\r\n\r\n') }
    }
    const json = ['-H', 'content-type: application/json']
    const path = (): string => `${url}/v1/chat/completions`

    it('answers JSON', async () => {
      const { body, head } = await curl(
        ...json,
        path(),
        '-d',
        JSON.stringify({ model: MODEL, messages }),
      )
      expect(head).to.match(/^HTTP\/1\.1 200 OK/)
      const answer = JSON.parse(body) as ChatCompletion
      expect(answer.choices[0]?.message.content).to.equal(OSLO)
      expect(head).to.contain(`x-duckmesh-job: ${answer.id}`)
    })

    it('streams, with progress as comments', async () => {
      const data = JSON.stringify({ model: MODEL, messages, stream: true })
      const { body, head } = await curl('-N', ...json, path(), '-d', data)
      expect(head).to.contain('content-type: text/event-stream')
      expect(body).to.match(/^: auction took [0-9]+ ms: [0-9]+ bids, seat 0x/m)
      expect(body).to.match(/^: segment 0 accepted$/m)
      expect(body).to.match(/\ndata: \[DONE\]\n\n$/)
    })

    it('says what is wrong without the header, and where the paths are', async () => {
      const { body, head } = await curl(path(), '-d', '{}')
      expect(head).to.contain('415')
      expect(body).to.contain('content-type: application/json')
      expect((await curl(url)).body).to.contain('/v1/models')
    })

    it('tells the state of the node', async () => {
      const { body, head } = await curl(`${url}/readyz`)
      expect(head, body).to.contain('200')
      expect(JSON.parse((await curl(`${url}/health`)).body)).to.include({ status: 'healthy' })
    })
  })

  const THREE = { verification: 'redundant', replicas: 3, maxPrice: `${5n * DUCK}` }
})

function cosine(a: readonly number[] = [], b: readonly number[] = []): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}

async function statusAt(gateway: string): Promise<{ inFlight: number }> {
  return (await (await fetch(`${gateway}/stats`)).json()) as { inFlight: number }
}

async function failureOf(work: PromiseLike<unknown>): Promise<APIError> {
  try {
    await work
  } catch (error) {
    return error as APIError
  }
  return expect.fail('it did not fail')
}
