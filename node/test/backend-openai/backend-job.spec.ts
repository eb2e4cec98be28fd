import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '@duckmesh/protocols'
import { systemClock } from '@duckmesh/sdk'
import type { LightClient } from '@duckmesh/sdk'
import { expect } from 'chai'
import { openClient } from '../../src/client/open-client.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { RunningPeer } from '../../src/peer/interface.ts'
import { DUCK } from '../chain/local-chain.ts'
import { PAYER_KEY, startLocalNetwork } from '../peer/local-network.ts'
import type { LocalNetwork } from '../peer/local-network.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { FakeOpenAi, answering } from './fake-openai.ts'

/** Offers are told anew four times as often. */
const clock: Clock = {
  now: () => systemClock.now(),
  after: (ms, fn) => systemClock.after(ms / 4, fn),
}

const KEY = 'sk-of-the-endpoint'
const messages = [{ role: 'user', content: 'Count, please.' }]
/** 5 + 14 + 8 bytes in fours. */
const PROMPT_TOKENS = 7

describe('a paid job on a model behind an endpoint', function () {
  this.timeout(60_000)
  let net: LocalNetwork
  let server: FakeOpenAi
  before(async () => {
    ;[net, server] = await Promise.all([startLocalNetwork(), new FakeOpenAi().start()])
  })
  after(async () => {
    await Promise.all([net.stop(), server.stop()])
  })

  interface Parts {
    client: LightClient
    peer: RunningPeer
  }

  /** A peer that serves the endpoint's model for 2 and 4 wei a token, and a client with money. */
  async function withPeer(work: (parts: Parts) => Promise<void>): Promise<void> {
    await withTempDir(async (folder) => {
      const apiKeyFile = join(folder, 'key')
      await writeFile(apiKeyFile, KEY, { mode: 0o600 })
      const priced = { priceIn: '2000', priceOut: '4000' }
      const model = { model: 'remote-model', name: 'remote', contextLength: 4_096 }
      const backends = [{ backend: 'openai', url: server.url, apiKeyFile, ...model, ...priced }]
      const flags = { 'provider.backends': JSON.stringify(backends) }
      const peer = await createPeer(await net.config(join(folder, 'peer'), flags), { clock })
      await served(peer, 2)
      await net.chain.fund(net.payer, DUCK)
      const { network } = net
      const dataDir = join(folder, 'client')
      const client = await openClient({ network, privateKey: PAYER_KEY, dataDir })
      try {
        await known(client)
        await work({ client, peer })
      } finally {
        await client.stop()
        await peer.stop()
      }
    })
  }

  async function served(peer: RunningPeer, models: number): Promise<void> {
    while ((await peer.status()).models.length !== models) await pause(20)
  }

  /** Resolves when the client has heard the offer with the model; it says what the model is. */
  async function known(client: LightClient): Promise<void> {
    for (;;) {
      const models = (await client.offers()).flatMap(({ offer }) => offer.models)
      const model = models.find(({ name }) => name === 'remote')
      if (model === undefined) await pause(20)
      else return void expect(model.determinism).to.equal('opaque')
    }
  }

  it('streams the text, bills what the client counts, refuses redundancy, fails with codes', async () => {
    await withPeer(async ({ client, peer }) => {
      const [duckling, remote] = (await peer.status()).models
      expect(duckling?.determinism).to.equal('f32')
      expect(remote).to.include({ name: 'remote', determinism: 'opaque' })

      // 150 tokens: three steps, the last one short.
      const words = Array.from({ length: 100 }, (_, i) => `word${String(i % 10)} `)
      server.script = answering([...words, 'é🦆'])
      const job = await client.submit({ model: 'remote', messages, maxTokens: 256 })
      const { paid, text, usage } = await job.result()
      expect(text).to.equal(`${words.join('')}é🦆`)
      expect(usage).to.include({ promptTokens: PROMPT_TOKENS, completionTokens: 152 })
      expect(paid).to.equal(BigInt(2 * PROMPT_TOKENS + 4 * 152))
      expect(server.authorizations.every((one) => one === `Bearer ${KEY}`)).to.equal(true)
      expect(server.chats.at(-1)).to.deep.include({ messages, max_tokens: 256 })

      const redundant = { model: 'remote', messages, verification: 'redundant' as const }
      expect((await rejection(client.submit(redundant))).code).to.equal('NOT_SUPPORTED')

      server.next.push((_, reply) => {
        reply.status(429)
      })
      const busy = await client.submit({ model: 'remote', messages, maxTokens: 64 })
      expect((await rejection(busy.result())).code).to.equal('PROVIDER_BUSY')

      // The endpoint breaks in the middle and stays away: what was delivered is paid, the offer withdrawn.
      server.list = (reply) => {
        reply.status(500)
      }
      server.next.push(async (_, reply) => {
        await reply.begin().delta('x'.repeat(64 * 4 + 8))
        reply.drop()
      })
      const half = await client.submit({ model: 'remote', messages, maxTokens: 128 })
      const failure = await rejection(half.result())
      expect(failure.code).to.be.oneOf(['BACKEND_UNREACHABLE', 'BACKEND_FAILED'])
      await served(peer, 1)
      server.list = undefined
    })
  })

  it('ends the request at the endpoint when the client cancels', async () => {
    await withPeer(async ({ client }) => {
      server.script = async (_, reply) => {
        reply.begin()
        while (!reply.isGone) await Promise.race([reply.delta('and on '), reply.gone])
      }
      const stop = new AbortController()
      const request = { model: 'remote', messages, maxTokens: 2_048 }
      const job = await client.submit(request, { signal: stop.signal })
      for await (const event of job) {
        if (event.type === 'text') stop.abort()
      }
      expect((await rejection(job.result())).code).to.equal('CANCELLED')
      await server.replies.at(-1)?.gone
    })
  })
})
