/** Tests: JSON answers, embeddings and classes as paid jobs, from the engine to HTTP and to a light client. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLightClient } from '@duckmesh/sdk'
import type { Classification, EmbeddingResponse, LightClient } from '@duckmesh/sdk'
import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { EngineHost, ensurePackedModel } from '../../src/engine/index.ts'
import { MANIFEST_FILE } from '../../src/engine/model/manifest.ts'
import { describeModel } from '../../src/engine/pack/describe-model.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { RunningPeer } from '../../src/peer/interface.ts'
import { DUCK } from '../chain/local-chain.ts'
import { temporaryFolder } from '../engine/support/duckling.ts'
import { writeTinyEncoder } from '../engine/support/tiny-encoder.ts'
import { PAYER_KEY, startLocalNetwork } from './local-network.ts'
import type { LocalNetwork } from './local-network.ts'

const TEXTS = ['a brave duck', 'a brave duck!', 'the capital of Norway is Oslo']
const quiet = new AbortController().signal

/** One peer that chats, embeds and classifies, on a chain of its own. */
describe('answers of JSON and of numbers', function () {
  this.timeout(60_000)
  let net: LocalNetwork
  let peer: RunningPeer
  let client: LightClient
  let url: string
  /** The models' own answers. */
  let engine: EngineHost
  const models = { embeddings: '', classification: '' }
  const closers: (() => Promise<void>)[] = []

  before(async () => {
    net = await startLocalNetwork()
    closers.push(() => net.stop())
    const { folder, remove } = await temporaryFolder()
    closers.push(remove)
    const config = await net.config(join(folder, 'peer'), { 'gateway.privateKey': PAYER_KEY })
    const modelsDir = config.provider?.modelsDir ?? expect.fail('no provider')
    const folders: string[] = []
    for (const kind of ['embeddings', 'classification'] as const) {
      const source = join(folder, kind)
      await writeTinyEncoder(source, kind)
      const named = { name: kind, license: 'MIT', tolerance: 1e-4 }
      const manifest = await describeModel(source, { ...named, calibrationPrompts: ['A duck.'] })
      await writeFile(join(source, MANIFEST_FILE), JSON.stringify(manifest))
      const pack = await ensurePackedModel(source, modelsDir)
      folders.push(pack.folder)
      models[kind] = pack.modelId
    }
    engine = new EngineHost({ folders })
    closers.push(() => engine.stop())
    await engine.start()
    await net.chain.fund(net.payer, DUCK)
    peer = await createPeer(config)
    closers.push(() => peer.stop())
    url = (await peer.status()).gateway
    const account = privateKeyToAccount(PAYER_KEY)
    client = await createLightClient({ network: net.network, account })
    closers.push(() => client.stop())
  })
  after(async () => {
    for (const close of closers.reverse()) await close()
  })

  async function post(path: string, body: object): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${url}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }

  it('gives the vectors of the engine, paid by the tokens of the texts alone', async () => {
    const own = await engine.embed(models.embeddings, { texts: TEXTS }, quiet)
    const asked = { model: 'embeddings', input: TEXTS }
    const answer = await post('embeddings', asked)
    expect(answer.status).to.equal(200)
    const body = answer.body as EmbeddingResponse
    const vectors = body.data.map(({ embedding }) => Float32Array.from(embedding as number[]))
    expect(vectors).to.deep.equal(own.outputs)
    expect(body.usage).to.deep.equal({ prompt_tokens: own.tokens, total_tokens: own.tokens })
    // 1 000 wei for 1 000 tokens of the texts; the numbers are free.
    expect(body.duckmesh.paid).to.equal(`${own.tokens}`)
    const base64 = { ...asked, encoding_format: 'base64', dimensions: 16 }
    const encoded = (await post('embeddings', base64)).body as EmbeddingResponse
    const bytes = Buffer.from(String(encoded.data[2]?.embedding), 'base64')
    expect(bytes).to.deep.equal(Buffer.from(own.outputs[2]?.buffer ?? new ArrayBuffer()))
  })

  it('gives more numbers than a step has, to a light client', async () => {
    const input = Array.from({ length: 80 }, (_, n) => `${TEXTS[n % 3] ?? ''} ${n}`)
    const { data, duckmesh } = await client.embeddings.create({ model: 'embeddings', input })
    const { outputs } = await engine.embed(models.embeddings, { texts: input }, quiet)
    expect(data.map(({ embedding }) => embedding)).to.deep.equal(outputs.map((one) => [...one]))
    const [row] = await client.job(duckmesh.jobId as `0x${string}`)
    expect(row?.state).to.equal('finalized')
  })

  it('classifies as vLLM does, and through the light client', async () => {
    const own = await engine.classify(models.classification, { texts: TEXTS }, quiet)
    const asked = { model: 'classification', input: TEXTS }
    const answer = await post('classify', asked)
    expect(answer.status).to.equal(200)
    const body = answer.body as Classification
    expect(body.data.map(({ probs }) => probs)).to.deep.equal(own.scores)
    for (const { label, num_classes: classes, probs } of body.data) {
      expect(classes).to.equal(3)
      expect(label).to.equal(own.labels[probs.indexOf(Math.max(...probs))])
    }
    expect((await client.classify(asked)).data).to.deep.equal(body.data)
  })

  it('gives one JSON object when it is asked for', async () => {
    // The small model does not always come to an end: five fixed draws.
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((seed) =>
        client.chat.completions.create({
          model: 'duckling',
          messages: [{ role: 'user', content: 'Who are you?' }],
          response_format: { type: 'json_object' },
          temperature: 1.5,
          max_tokens: 120,
          seed,
        }),
      ),
    )
    const choices = answers.flatMap((answer) => answer.choices)
    const whole = choices.filter(({ finish_reason: reason }) => reason === 'stop')
    expect(whole).to.not.have.length(0)
    for (const { message } of whole) expect(JSON.parse(message.content)).to.be.an('object')
    for (const { message } of choices) expect(message.content.trim()).to.match(/^[{]/)
  })

  it('lists the tasks, and says what is wrong before anything is paid', async () => {
    const response = await fetch(`${url}/v1/models`)
    const { data } = (await response.json()) as {
      data: { id: string; duckmesh: Record<string, unknown> }[]
    }
    const tasks = data.map(({ duckmesh, id }) => [id, duckmesh['task'], duckmesh['width']])
    expect(tasks).to.have.deep.members([
      ['duckling', 'chat', undefined],
      ['embeddings', 'embed', 16],
      ['classification', 'classify', 3],
    ])
    const messages = [{ role: 'user', content: 'Hello' }]
    const wrong: [string, string, string, object][] = [
      ['not_supported', 'model', 'chat/completions', { model: 'embeddings', messages }],
      ['not_supported', 'model', 'embeddings', { model: 'duckling' }],
      ['not_supported', 'model', 'classify', { model: 'embeddings' }],
      [
        'not_supported',
        'duckmesh.verification',
        'embeddings',
        { duckmesh: { verification: 'redundant' } },
      ],
      ['spec_invalid', 'input', 'embeddings', { input: [1, 2] }],
      ['spec_invalid', 'dimensions', 'embeddings', { dimensions: 8 }],
      ['prompt_too_long', 'input', 'embeddings', { input: 'duck '.repeat(100) }],
    ]
    for (const [code, param, path, over] of wrong) {
      const chat = path === 'chat/completions'
      const asked = chat ? over : { model: 'embeddings', input: TEXTS, ...over }
      const { body, status } = await post(path, asked)
      expect(status, code).to.equal(400)
      expect((body as { error: object }).error).to.include({ code, param })
    }
  })
})
