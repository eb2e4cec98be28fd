import { expect } from 'chai'
import { encodeAbiParameters, keccak256, type Hex } from 'viem'
import {
  ContractError,
  LOCAL_DURATIONS,
  commitOnion,
  readElectionParameters,
  readOnion,
  readScore,
  readSeed,
  readWeight,
  readWeights,
  reveal,
} from '../ts/index.ts'
import { DUCK, enrol, startMesh, type Mesh } from './support/mesh.ts'

const EPOCH = LOCAL_DURATIONS.epoch
const last: Hex = `0x${'d0'.repeat(32)}`
const middle = keccak256(last)
const tip = keccak256(middle)

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
  } catch (error) {
    expect(error).to.be.instanceOf(ContractError)
    return (error as ContractError).code
  }
  return 'none'
}

/** From registration to a seed made of two reveals, on a real chain. Each test goes on where the last one ended. */
describe('election on a real chain', () => {
  let mesh: Mesh
  let first: bigint

  const epochNow = async (): Promise<bigint> => (await mesh.chain.getBlock()).timestamp / EPOCH

  /** Moves the chain to the beginning of an epoch. */
  const begin = async (epoch: bigint): Promise<void> => {
    await mesh.test.setNextBlockTimestamp({ timestamp: epoch * EPOCH + 1n })
    await mesh.test.mine({ blocks: 1 })
  }

  const mixOf = (mix: Hex, preimage: Hex): Hex => keccak256(`0x${mix.slice(2)}${preimage.slice(2)}`)
  const seedOf = (mix: Hex, epoch: bigint): Hex =>
    keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint64' }], [mix, epoch]))
  const firstMix = (): Hex =>
    keccak256(
      encodeAbiParameters(
        [{ type: 'string' }, { type: 'uint256' }, { type: 'address' }],
        ['DuckMesh', 31_337n, mesh.addresses.registry],
      ),
    )

  before(async () => {
    mesh = await startMesh()
    first = (await epochNow()) + 1n
    await begin(first)
    await enrol(mesh)
  })

  after(() => mesh.anvil.stop())

  it('knows how long an epoch and a turn are', async () => {
    const { chain, addresses } = mesh
    const { epoch, turn } = LOCAL_DURATIONS
    expect(await readElectionParameters(chain, { addresses })).to.deep.equal({ epoch, turn })
  })

  it('weighs a provider two epochs after it staked', async () => {
    const { chain, addresses, provider } = mesh
    const weight = (epoch: bigint): Promise<bigint> =>
      readWeight(chain, { addresses, provider: provider.address, epoch })
    expect(await weight(first + 1n)).to.equal(0n)
    expect(await codeOf(weight(first + 2n))).to.equal('FutureLookup')
    await begin(first + 1n)
    expect(await weight(first + 2n)).to.equal(2_000n * DUCK)
    expect(await readWeights(chain, { addresses, epoch: first + 2n })).to.deep.equal([
      { owner: provider.address, weight: 2_000n * DUCK },
    ])
    expect(await readWeights(chain, { addresses, epoch: first + 1n })).to.deep.equal([])
  })

  it('has the first mix in its seeds as long as nobody reveals', async () => {
    const { chain, addresses } = mesh
    const seed = await readSeed(chain, { addresses, epoch: first + 1n })
    expect(seed).to.equal(seedOf(firstMix(), first + 1n))
    expect(await codeOf(readSeed(chain, { addresses, epoch: first + 2n }))).to.equal('SeedNotFixed')
  })

  it('mixes in what the operator reveals for its provider, from the next epoch on', async () => {
    const { chain, addresses, provider, operator, done } = mesh
    const ofProvider = { addresses, owner: provider.address }
    expect(await readOnion(chain, ofProvider)).to.equal(undefined)
    await done(commitOnion(operator.client, { addresses, tip }))
    const epoch = first + 2n
    expect(await readOnion(chain, ofProvider)).to.deep.equal({ tip, fromEpoch: epoch })
    const early = reveal(operator.client, { addresses, preimage: middle })
    expect(await codeOf(early)).to.equal('RevealTooEarly')
    await begin(epoch)
    const wrong = reveal(operator.client, { addresses, preimage: last })
    expect(await codeOf(wrong)).to.equal('WrongPreimage')
    await done(reveal(operator.client, { addresses, preimage: middle }))
    await mesh.pass(EPOCH / 2n)
    const late = reveal(provider.client, { addresses, preimage: last })
    expect(await codeOf(late)).to.equal('RevealClosed')
    const mix = mixOf(firstMix(), middle)
    const seed = await readSeed(chain, { addresses, epoch: epoch + 1n })
    expect(seed).to.equal(seedOf(mix, epoch + 1n))
    await begin(epoch + 1n)
    await done(reveal(provider.client, { addresses, preimage: last }))
    await mesh.pass(EPOCH / 2n)
    expect(await readSeed(chain, { addresses, epoch: epoch + 2n })).to.equal(
      seedOf(mixOf(mix, last), epoch + 2n),
    )
    expect(await readSeed(chain, { addresses, epoch: epoch + 1n })).to.equal(seed)
  })

  it('scores who weighs something, and nobody else', async () => {
    const { chain, addresses, provider, payer } = mesh
    const seat = { addresses, epoch: first + 3n, shard: 5, turn: 3 }
    const scores = await Promise.all([
      readScore(chain, { ...seat, owner: provider.address }),
      readScore(chain, { ...seat, turn: 4, owner: provider.address }),
      readScore(chain, { ...seat, owner: payer.address }),
    ])
    expect(new Set(scores)).to.have.length(3)
    expect(scores[2]).to.equal(2n ** 256n - 1n)
    expect(scores[0] < (42n * DUCK * 2n ** 96n) / (2_000n * DUCK)).to.equal(true)
  })
})
