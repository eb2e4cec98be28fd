import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { DuckMeshClient, VerificationMode } from '../src/duckmesh-client.ts'
import { expectCode } from './support/expect-code.ts'
import { until } from './support/fake-clock.ts'
import { FakeRpc, MARKET, TOKEN } from './support/fake-rpc.ts'
import { bytes32 } from './support/offers.ts'
import { OWNER, startProvider } from './support/provider.ts'
import type { TestProvider } from './support/provider.ts'

const KEY = bytes32(0xc2)
const account = privateKeyToAccount(KEY)
const PAYER = account.address.toLowerCase() as `0x${string}`
const PRICE = 10n ** 18n
const { REFERENCE } = VerificationMode

describe('DuckMeshClient', () => {
  let rpc: FakeRpc
  let provider: TestProvider
  const clients: DuckMeshClient[] = []
  before(async () => {
    rpc = await FakeRpc.start()
    rpc.channels.set(`${PAYER}:${OWNER}`, { allotted: PRICE, redeemed: 0n, thawing: 0n })
    rpc.wallets.set(PAYER, 100n)
    rpc.escrows.set(PAYER, { free: 30n, thawing: 7n })
    provider = await startProvider(rpc)
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
  })
  after(async () => {
    await provider.stop()
    await rpc.stop()
  })

  const connect = (
    seeds: string | string[] = provider.seed,
    key: typeof account | typeof KEY = KEY,
  ) => {
    const client = new DuckMeshClient(rpc.url, key, MARKET, TOKEN, seeds)
    clients.push(client)
    return client
  }

  it('submits, waits, tells status and balance', async () => {
    const client = connect()
    const spec = { prompt: 'Hello', maxTokens: 2, temperature: 0.5 }
    const jobId = await client.submitJob('duckling', spec, PRICE, REFERENCE)
    const { metadata, output, paid } = await client.waitForResult(jobId)
    expect(output).to.equal('Quack quack')
    // ceil((250 000 · 5 + 1 000 000 · 2) / 1 000)
    expect(paid).to.equal(3_250n)
    expect(metadata).to.include({ tokensUsed: 7 })
    expect(metadata.providers).to.deep.equal([OWNER])
    expect(metadata.executionTime).to.be.at.least(0)
    expect(await client.getJobStatus(jobId)).to.equal('finalized')
    const upper = `0x${jobId.slice(2).toUpperCase()}` as const
    expect(await client.getJobStatus(upper)).to.equal('finalized')
    expect(await client.getBalance()).to.equal(130n)
    const asked = provider.engine.specs.at(-1)
    expect(asked).to.deep.include({ maxTokens: 2, messages: [{ role: 'user', content: 'Hello' }] })
    expect(asked?.sampling.temperature).to.equal(0.5)
  })

  it('tells a running job and one that failed in the words of the seed document', async () => {
    const client = connect(undefined, account)
    let open: () => void = () => undefined
    const wait = new Promise<void>((resolve) => {
      open = resolve
    })
    provider.engine.gate = () => wait
    const jobId = await client.submitJob('duckling', { prompt: 'Hello' }, PRICE, REFERENCE)
    await until(() => provider.engine.open_ === 1)
    expect(await client.getJobStatus(jobId)).to.be.oneOf(['posted', 'assigned', 'running'])
    await client.close()
    open()
    provider.engine.gate = () => undefined
    await expectCode('CANCELLED', () => client.waitForResult(jobId))
    expect(await client.getJobStatus(jobId)).to.equal('cancelled')
  })

  it('does not know jobs of others, nor what is no id', async () => {
    const client = connect()
    for (const id of [bytes32(1), '0x', '0xnothing'] as const) {
      await expectCode('JOB_UNKNOWN', () => client.waitForResult(id))
      await expectCode('JOB_UNKNOWN', () => client.getJobStatus(id))
    }
  })

  it('has three providers compute it unless told otherwise, which needs a seat', async () => {
    const submitting = connect().submitJob('duckling', { prompt: 'Hello' }, PRICE)
    await expectCode('SEATS_UNREACHABLE', () => submitting)
  })

  for (const mode of ['TEE', 'ZKML'] as const) {
    it(`answers NOT_SUPPORTED to mode ${mode}`, async () => {
      await expectCode('NOT_SUPPORTED', () =>
        connect().submitJob('duckling', { prompt: 'x' }, PRICE, VerificationMode[mode]),
      )
    })
  }

  it('refuses a raw key for a network that is not local, before it asks anybody', async () => {
    const calls = rpc.calls.length
    for (const seeds of [['/ip4/203.0.113.7/tcp/3825'], []]) {
      const client = connect(seeds)
      await expectCode('KEY_REFUSED', () => client.getBalance())
      await client.close()
    }
    expect(rpc.calls).to.have.length(calls)
  })

  it('refuses a key that is none, without repeating it', async () => {
    const client = new DuckMeshClient(rpc.url, '0x5ec7e7', MARKET, TOKEN, provider.seed)
    const error = await expectCode('CONFIG_INVALID', () => client.getBalance())
    expect(error.message + String(error.cause)).to.not.contain('5ec7e7')
  })

  it('says at the first call why it could not connect, and closes all the same', async () => {
    const client = new DuckMeshClient('http://127.0.0.1:1', KEY, MARKET, TOKEN, provider.seed)
    await expectCode('CHAIN_UNREACHABLE', () =>
      client.submitJob('duckling', { prompt: 'x' }, PRICE),
    )
    await client.close()
  })
})
