/** The SDK as an app uses it, against a real network: pure JavaScript cryptography, nothing kept on disk. */
import { startUnallot, readChannel } from '@duckmesh/contracts'
import { DuckMeshClient, createLightClient } from '@duckmesh/sdk'
import { expect } from 'chai'
import { ACCOUNT_INDEX, account } from '../src/chain/accounts.ts'
import { ALLOTMENT } from '../src/chain/network-funder.ts'
import { DUCK, TestNet, ownerOf, stopNets } from './support/devnets.ts'
import { until } from './support/until.ts'

describe('an app with the SDK', function () {
  this.timeout(120_000)
  let world: TestNet
  const chat = account(ACCOUNT_INDEX.chat)

  before(async () => {
    // As many as a redundant job has members; that is what a job is when nothing else is said.
    world = await TestNet.start({ providers: 3 })
  })
  after(stopNets)

  it('makes the calls of the founding document', async () => {
    const { market, rpcUrl, seeds, token } = world.net.network
    const client = new DuckMeshClient(rpcUrl, chat, market, token, seeds)
    try {
      const spec = { prompt: 'What is the capital of Norway?', maxTokens: 32 }
      const before = await client.getBalance()
      const jobId = await client.submitJob('duckling', spec, DUCK)
      const { metadata, output, paid } = await client.waitForResult(jobId)
      expect(output).to.equal('The capital of Norway is Oslo.')
      expect(metadata.providers).to.have.members(world.net.providers.map(ownerOf))
      expect(paid > 0n).to.equal(true)
      expect(await client.getJobStatus(jobId)).to.equal('finalized')
      expect(await client.getBalance(), 'jobs cost no escrow but what is allotted').to.equal(before)
    } finally {
      await client.close()
    }
  })

  it('streams chat completions', async () => {
    const client = await createLightClient({ network: world.net.network, account: chat })
    try {
      const stream = await client.chat.completions.create({
        model: 'duckling',
        messages: [{ role: 'user', content: 'What is 6 times 7?' }],
        stream: true,
      })
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      expect(text).to.equal('6 times 7 is 42.')
    } finally {
      await client.stop()
    }
  })

  it('cannot take back what it signed away: the provider redeems before the thaw ends', async () => {
    const { funder, provider } = world.net
    const { addresses, publicClient } = funder
    const channel = { addresses, payer: chat.address, provider: provider.owner.address }
    const { redeemed } = await readChannel(publicClient, channel)
    expect(redeemed, 'nothing is redeemed by the policy of an hour').to.equal(0n)
    const parameters = { addresses, provider: provider.owner.address, amount: ALLOTMENT }
    await startUnallot(funder.walletOf(chat), parameters)
    const after = await until('a redemption', async () => {
      const now = await readChannel(publicClient, channel)
      return now.redeemed > 0n && now
    })
    expect(after.thawing, 'what was redeemed does not go back').to.equal(ALLOTMENT - after.redeemed)
  })
})
