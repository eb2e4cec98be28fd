import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { createLightClient } from '../src/create-light-client.ts'
import type { JobRequest } from '../src/job/request.ts'
import type { LightClient } from '../src/light-client.ts'
import { FakeRpc } from './support/fake-rpc.ts'
import { bytes32 } from './support/offers.ts'
import { OWNER, startProvider } from './support/provider.ts'
import type { TestProvider } from './support/provider.ts'

const account = privateKeyToAccount(bytes32(0xc1))
const PAYER = account.address.toLowerCase() as `0x${string}`
const ASK = { model: 'duckling', messages: [{ role: 'user', content: 'Hello' }] }

/** A payer that allotted nothing to anybody, and a provider that asks nothing: each with a host of its own. */
describe('a job that costs nothing', () => {
  let rpc: FakeRpc
  let provider: TestProvider
  let client: LightClient
  beforeEach(async () => {
    rpc = await FakeRpc.start()
    provider = await startProvider(rpc, { hasSeat: true, prices: { priceIn: 0n, priceOut: 0n } })
    client = await createLightClient({ network: rpc.network({ seeds: [provider.seed] }), account })
  })
  afterEach(async () => {
    await client.stop()
    await provider.stop()
    await rpc.stop()
  })

  const kinds: [string, Partial<JobRequest>][] = [
    ['an auctioned', {}],
    ['a direct', { lane: 'direct' }],
    ['a redundant', { verification: 'redundant', replicas: 1 }],
  ]
  for (const [kind, input] of kinds) {
    it(`runs as ${kind} job with nothing to spend and nothing allotted`, async () => {
      // More than one step of 64 tokens.
      provider.engine.words = Array.from({ length: 70 }, (_, n) => `quack${n} `)
      const job = await client.submit({ ...ASK, maxTokens: 80, maxPrice: 0n, ...input })
      const { paid, receipts, text } = await job.result()
      expect({ paid, text }).to.deep.equal({ paid: 0n, text: provider.engine.words.join('') })
      expect(receipts.length).to.be.above(1)
      expect(await job.settled).to.include({ state: 'finalized', paid: '0' })
      expect(await job.settled).to.not.have.property('fee')
      expect(await provider.channels.standing(PAYER)).to.deep.equal({ due: 0n })
      expect(provider.seat?.fees.size).to.equal(0)
      expect(rpc.channels.get(`${PAYER}:${OWNER}`)).to.equal(undefined)
    })
  }
})
