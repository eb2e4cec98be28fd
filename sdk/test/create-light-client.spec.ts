import type { ClientStore, NetworkConfig } from '../src/index.ts'
import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { createLightClient } from '../src/create-light-client.ts'
import type { LightClientOptions } from '../src/create-light-client.ts'
import type { JobHandle } from '../src/job/job-handle.ts'
import type { LightClient } from '../src/light-client.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { expectCode } from './support/expect-code.ts'
import { settle, until } from './support/fake-clock.ts'
import { FakeRpc } from './support/fake-rpc.ts'
import { bytes32 } from './support/offers.ts'
import { OWNER, startProvider } from './support/provider.ts'
import type { TestProvider } from './support/provider.ts'

const account = privateKeyToAccount(bytes32(0xc1))
const PAYER = account.address.toLowerCase() as `0x${string}`
const ASK = { model: 'duckling', messages: [{ role: 'user', content: 'Hello' }] }

/** Resolves when the job has shown its first text. */
async function firstText(job: JobHandle): Promise<void> {
  for await (const event of job) if (event.type === 'text') return
}

describe('createLightClient', () => {
  let rpc: FakeRpc
  let provider: TestProvider
  const clients: LightClient[] = []
  beforeEach(async () => {
    rpc = await FakeRpc.start()
    rpc.channels.set(`${PAYER}:${OWNER}`, { allotted: 10n ** 18n, redeemed: 0n, thawing: 0n })
    provider = await startProvider(rpc)
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()))
    await provider.stop()
    await rpc.stop()
  })

  const join = async (over: Partial<LightClientOptions> = {}): Promise<LightClient> => {
    const network = rpc.network({ seeds: [provider.seed] })
    const client = await createLightClient({ network, account, ...over })
    clients.push(client)
    return client
  }

  it('joins, finds the provider and runs a paid job to the end', async () => {
    const client = await join()
    expect(client.payer).to.equal(PAYER)
    expect(client.health).to.equal('ready')
    expect((await client.offers()).map(({ offer }) => offer.provider)).to.deep.equal([OWNER])

    const job = await client.submit({ ...ASK, maxTokens: 8 })
    const types: string[] = []
    for await (const { type } of job) types.push(type)
    const result = await job.result()
    expect(result.text).to.equal('Quack quack.')
    expect(result.finishReason).to.equal('stop')
    expect(result.usage).to.deep.equal({ promptTokens: 5, completionTokens: 3 })
    // ceil((250 000 · 5 + 1 000 000 · 3) / 1 000)
    expect(result.paid).to.equal(4_250n)
    expect(result.receipts.map(({ amount, last }) => ({ amount, last }))).to.deep.equal([
      { amount: 4_250n, last: true },
    ])
    expect(result.states.map(({ state }) => state)).to.deep.equal([
      'posted',
      'awarded',
      'accepted',
      'running',
      'completed',
      'finalized',
    ])
    expect(types).to.include.members(['state', 'voucher', 'text', 'receipt'])
    expect(provider.engine.specs[0]?.messages).to.deep.equal(ASK.messages)
    const held = await provider.channels.standing(PAYER)
    expect(held.due).to.equal(4_250n)
    const [row] = await client.job(job.jobId)
    expect(row).to.include({ state: 'finalized', provider: OWNER, payer: PAYER })
  })

  it('speaks the shape of OpenAI, in one piece and streamed', async () => {
    const { chat } = await join()
    const answer = await chat.completions.create({ ...ASK, max_tokens: 2, stream: false })
    expect(answer.choices[0]?.message.content).to.equal('Quack quack')
    expect(answer.choices[0]?.finish_reason).to.equal('length')
    let text = ''
    for await (const chunk of await chat.completions.create({ ...ASK, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).to.equal('Quack quack.')
  })

  it('uses one stream for jobs one after the other and at the same time', async () => {
    const client = await join()
    const jobs = await Promise.all([client.submit(ASK), client.submit(ASK)])
    const results = await Promise.all(jobs.map((job) => job.result()))
    expect(results.map(({ text }) => text)).to.deep.equal(['Quack quack.', 'Quack quack.'])
    await (await client.submit(ASK)).result()
    expect(provider.jobStreams()).to.equal(1)
  })

  it('goes on with the credit of its account on a fresh store', async () => {
    const first = await join()
    await (await first.submit({ ...ASK, maxTokens: 64 })).result()
    await first.stop()
    const { lastVoucher } = await provider.channels.standing(PAYER)
    const second = await join()
    const job = await second.submit({ ...ASK, maxTokens: 8 })
    const vouchers: bigint[] = []
    for await (const event of job) if (event.type === 'voucher') vouchers.push(event.cumulative)
    await job.result()
    expect(vouchers).to.deep.equal([lastVoucher?.voucher.cumulative])
  })

  describe('refuses', () => {
    it('a model that nobody offers, and says what there is', async () => {
      const client = await join()
      const error = await expectCode('MODEL_NOT_FOUND', () =>
        client.submit({ ...ASK, model: 'swan' }),
      )
      expect(error.details['offered']).to.deep.equal(['duckling'])
    })

    it('an empty prompt, a price above the cap and too many tokens, before anything is paid', async () => {
      const client = await join()
      await expectCode('PROMPT_EMPTY', () => client.submit({ ...ASK, messages: [] }))
      await expectCode('PRICE_ABOVE_CAP', () => client.submit({ ...ASK, maxPrice: 1n }))
      await expectCode('PROMPT_TOO_LONG', () => client.submit({ ...ASK, maxTokens: 512 }))
      await expectCode('SPEC_INVALID', () =>
        client.submit({ ...ASK, sampling: { temperature: 9 } }),
      )
      expect(provider.jobStreams()).to.equal(0)
    })

    it('a job whose channel does not cover the first step', async () => {
      rpc.channels.clear()
      const client = await join()
      const error = await expectCode('BALANCE_INSUFFICIENT', async () =>
        (await client.submit(ASK)).result(),
      )
      expect(error.details['paid']).to.equal(0n)
      expect(provider.engine.specs).to.have.length(0)
    })

    it('a provider whose operator does not act for it any more', async () => {
      const client = await join()
      await client.offers()
      rpc.operators.clear()
      const fresh = await join()
      await expectCode('PROVIDER_UNAVAILABLE', () => fresh.submit(ASK))
    })

    it('jobs while every slot is taken', async () => {
      const client = await join()
      provider.engine.gate = () => new Promise(() => undefined)
      const running = await Promise.all([client.submit(ASK), client.submit(ASK)])
      await until(() => provider.jobs.inFlight === 2)
      const other = await join()
      await expectCode('PROVIDER_BUSY', () => other.submit(ASK))
      for (const job of running) job.cancel()
      await Promise.all(running.map((job) => job.ended))
    })
  })

  it('tells what the provider refused, with its code', async () => {
    provider.engine.refusal = new DuckMeshError('PROMPT_TOO_LONG', 'The prompt has 600 tokens.')
    const client = await join()
    const error = await expectCode('PROMPT_TOO_LONG', async () =>
      (await client.submit(ASK)).result(),
    )
    expect(error.message).to.match(/^The prompt has 600 tokens\. Shorten the prompt[^.]*\.$/)
  })

  it('cancels by signal: the provider stops, what was delivered is paid', async () => {
    const client = await join()
    provider.engine.gate = (said) => (said === 0 ? undefined : new Promise(() => undefined))
    const controller = new AbortController()
    const job = await client.submit(ASK, { signal: controller.signal })
    await firstText(job)
    controller.abort()
    const error = await expectCode('CANCELLED', () => job.result())
    // ceil((250 000 · 5 + 1 000 000 · 1) / 1 000)
    expect(error.details).to.deep.equal({ paid: 2_250n, tokens: 1 })
    expect(provider.engine.open_).to.equal(0)
  })

  it('cancels while it still looks for a provider', async () => {
    const client = await join()
    await expectCode('CANCELLED', () => client.submit(ASK, { signal: AbortSignal.abort() }))
  })

  it('fails a running job with PROVIDER_LOST when the connection breaks', async () => {
    const client = await join()
    provider.engine.gate = (said) => (said === 0 ? undefined : new Promise(() => undefined))
    const job = await client.submit(ASK)
    await firstText(job)
    const failed = expectCode('PROVIDER_LOST', () => job.result())
    await Promise.all(
      provider.host.getConnections().map(async (open) => open.abort(new Error('x'))),
    )
    expect((await failed).details).to.deep.equal({ paid: 0n, tokens: 1 })
  })

  it('stop() ends jobs, streams, connection and store, once', async () => {
    let closed = 0
    const memory = createMemoryStore(0)
    const store: ClientStore = {
      ...memory,
      close: () => {
        closed += 1
        return Promise.resolve()
      },
    }
    const client = await join({ store })
    provider.engine.gate = (said) => (said === 0 ? undefined : new Promise(() => undefined))
    const job = await client.submit(ASK)
    await firstText(job)
    await Promise.all([client.stop(), client.stop()])
    expect(closed).to.equal(1)
    expect(job.state).to.equal('cancelled')
    expect(client.health).to.equal('stopped')
    await until(() => provider.clientConnections().length === 0)
    expect(provider.engine.open_).to.equal(0)
    const row = await memory.jobs.getSegment({ jobId: job.jobId, segment: 0 })
    expect(row?.state).to.equal('cancelled')
    expect(row?.receipts).to.have.length(1)
    await expectCode('SHUTTING_DOWN', () => client.submit(ASK))
  })

  it('stop() waits for the record of a job that failed before anything was paid', async () => {
    const memory = createMemoryStore(0)
    const kept: string[] = []
    const store: ClientStore = {
      ...memory,
      transcripts: {
        ...memory.transcripts,
        save: async ({ state }) => {
          // Later than the rejection of the submit.
          for (let turn = 0; turn < 20; turn += 1) await settle()
          kept.push(state)
        },
      },
      close: () => Promise.resolve(void kept.push('closed')),
    }
    rpc.channels.clear()
    const client = await join({ store })
    await expectCode('BALANCE_INSUFFICIENT', () => client.submit({ ...ASK, lane: 'direct' }))
    await client.stop()
    expect(kept).to.deep.equal(['failed', 'closed'])
  })

  it('stop() ends a submit that still looks for somebody', async () => {
    const client = await join()
    await provider.stop()
    const failed = expectCode('SHUTTING_DOWN', () => client.submit(ASK))
    await client.stop()
    await failed
  })

  it('tells degraded when no peer is connected', async () => {
    const client = await join()
    await provider.host.stop()
    await provider.seedHost.stop()
    await until(() => client.health === 'degraded')
  })

  describe('rejects with', () => {
    const failing = (code: Parameters<typeof expectCode>[0], over: Partial<NetworkConfig>) =>
      expectCode(code, () => join({ network: rpc.network({ seeds: [provider.seed], ...over }) }))

    it('NO_PEERS and the addresses tried', async () => {
      const seed = `/ip4/127.0.0.1/tcp/1/p2p/${provider.seedHost.peerId.toString()}`
      const error = await failing('NO_PEERS', { seeds: [seed] })
      expect(error.details['tried']).to.satisfy(
        ([tried]: string[]) => tried!.startsWith(`${seed}: `) && tried!.includes('ECONNREFUSED'),
      )
    })

    it('WRONG_CHAIN, CHAIN_UNREACHABLE and CONFIG_INVALID', async () => {
      await failing('WRONG_CHAIN', { chainId: 1 })
      await failing('CHAIN_UNREACHABLE', { rpcUrl: 'http://127.0.0.1:1' })
      await failing('CONFIG_INVALID', { registry: '0x' })
      await failing('CONFIG_INVALID', { seeds: ['nowhere'] })
      await failing('CONFIG_INVALID', { seeds: [] })
    })

    it('CANCELLED when the caller gives up joining', async () => {
      await expectCode('CANCELLED', () => join({ signal: AbortSignal.abort() }))
    })
  })
})
