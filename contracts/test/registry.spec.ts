import { expect } from 'chai'
import { createWalletClient, custom } from 'viem'
import type { EIP1193RequestFn, Hex } from 'viem'
import {
  ContractError,
  LOCAL_DURATIONS,
  cancelOperatorRotation,
  cancelUnstake,
  finishOperatorRotation,
  mint,
  operatorOf,
  providerOf,
  readClasses,
  readProvider,
  readRotation,
  registerProviderWithPermit,
  setClasses,
  setPeer,
  startOperatorRotation,
  startUnstake,
} from '../ts/index.ts'
import type { WriteClient } from '../ts/index.ts'
import { DUCK, startMesh, type Mesh } from './support/mesh.ts'

/** What viem asks to know the gas of a transaction. */
const ESTIMATES = new Set(['eth_estimateGas', 'eth_fillTransaction'])
const classes: Hex[] = [`0x${'01'.repeat(32)}`, `0x${'02'.repeat(32)}`]

/** The life of a provider's keys on a real chain. Each test goes on where the last one ended. */
describe('a provider on a real chain', () => {
  let mesh: Mesh

  before(async () => {
    mesh = await startMesh()
  })

  after(() => mesh.anvil.stop())

  it('registers with a permit and no approval', async () => {
    const { chain, addresses, deployer, provider, operator, done } = mesh
    const stake = 2_000n * DUCK
    await done(mint(deployer.client, { addresses, to: provider.address, amount: stake }))
    const { timestamp } = await chain.getBlock()
    await done(
      registerProviderWithPermit(provider.client, {
        addresses,
        operator: operator.address,
        peerKey: `0x${'ab'.repeat(32)}`,
        stake,
        deadline: timestamp + 600n,
      }),
    )
    const found = await readProvider(chain, { addresses, provider: provider.address })
    expect(found).to.include({ stake, isActive: true, operator: operator.address })
  })

  it('keeps its stake after all', async () => {
    const { chain, addresses, provider, done } = mesh
    await done(startUnstake(provider.client, { addresses, amount: 1_500n * DUCK }))
    await done(cancelUnstake(provider.client, { addresses }))
    const found = await readProvider(chain, { addresses, provider: provider.address })
    expect(found).to.include({ thawing: 0n, isActive: true })
  })

  it('moves to another peer key', async () => {
    const { chain, addresses, provider, done } = mesh
    const peerKey: Hex = `0x${'cd'.repeat(32)}`
    await done(setPeer(provider.client, { addresses, peerKey, endpoint: '' }))
    const found = await readProvider(chain, { addresses, provider: provider.address })
    expect(found).to.include({ peerKey })
  })

  it('says through its operator which classes it serves', async () => {
    const { chain, addresses, provider, operator, done } = mesh
    await done(setClasses(operator.client, { addresses, classes }))
    const found = await readClasses(chain, { addresses, provider: provider.address })
    expect(found).to.deep.equal(classes)
  })

  it('hands over to another operator, after the escrow thaw and not before', async () => {
    const { chain, addresses, provider, operator, relayer, payer, done, pass } = mesh
    const ofProvider = { addresses, provider: provider.address }
    const next = (party: typeof relayer) =>
      done(startOperatorRotation(provider.client, { addresses, operator: party.address }))
    await next(payer)
    await done(cancelOperatorRotation(provider.client, { addresses }))
    expect(await readRotation(chain, ofProvider)).to.equal(undefined)
    await next(relayer)
    const { timestamp } = await chain.getBlock()
    const readyAt = timestamp + LOCAL_DURATIONS.escrowThaw
    const announced = { operator: relayer.address, readyAt }
    expect(await readRotation(chain, ofProvider)).to.deep.equal(announced)
    try {
      await finishOperatorRotation(provider.client, { addresses })
      expect.fail('handed over early')
    } catch (error) {
      expect(error).to.be.instanceOf(ContractError).and.include({ code: 'StillThawing' })
    }
    await pass(LOCAL_DURATIONS.escrowThaw)
    await done(finishOperatorRotation(provider.client, { addresses }))
    expect(await operatorOf(chain, ofProvider)).to.equal(relayer.address)
    expect(await providerOf(chain, { addresses, operator: operator.address })).to.equal(undefined)
  })

  /** Does what sends one transaction, estimated in the second of the last block and in a block of some seconds later. */
  async function sentLater(
    { account, chain: ofClient, ...from }: WriteClient,
    send: (client: WriteClient) => Promise<Hex>,
  ): Promise<string> {
    const { chain, test, done } = mesh
    const { timestamp } = await chain.getBlock()
    await test.setBlockTimestampInterval({ interval: 0 })
    const request = async (args: Parameters<EIP1193RequestFn>[0]): Promise<unknown> => {
      const answer: unknown = await from.request(args as never)
      if (ESTIMATES.has(args.method)) {
        await test.removeBlockTimestampInterval()
        await test.setNextBlockTimestamp({ timestamp: timestamp + 10n })
      }
      return answer
    }
    const client = createWalletClient({ account, chain: ofClient, transport: custom({ request }) })
    return (await done(send(client))).status
  }

  it('has gas enough when the block comes a second after the estimate: a first stake', async () => {
    const { chain, addresses, deployer, provider, payer, done } = mesh
    const stake = 2_000n * DUCK
    await done(mint(deployer.client, { addresses, to: payer.address, amount: stake }))
    await done(startUnstake(provider.client, { addresses, amount: 1n }))
    const { timestamp } = await chain.getBlock()
    // The estimate is made in the second of the last change, where the total needs no entry of its own.
    const status = await sentLater(payer.client, (client) =>
      registerProviderWithPermit(client, {
        addresses,
        operator: `0x${'0b'.repeat(20)}`,
        peerKey: `0x${'0c'.repeat(32)}`,
        stake,
        deadline: timestamp + 600n,
      }),
    )
    expect(status).to.equal('success')
  })

  it('has gas enough where neither the owner nor the total needed an entry in the estimate', async () => {
    const { addresses, provider, done } = mesh
    await done(startUnstake(provider.client, { addresses, amount: 1n }))
    const status = await sentLater(provider.client, (client) =>
      cancelUnstake(client, { addresses }),
    )
    expect(status).to.equal('success')
  })
})
