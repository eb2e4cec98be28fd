/**
 * What every transaction of DuckMesh costs: `gasUsed` of receipts on a real local chain, each in its steady state
 * unless it says "first", beside the seed's own flow measured in the same run.
 */
import { PARAMETERS } from '@duckmesh/contracts'
import type { DisputeParameters } from '@duckmesh/contracts'
import { startAnvil } from '../../chain/start-anvil.ts'
import { ChildGroup } from '../../processes/child-group.ts'
import { contractSizes } from './contract-sizes.ts'
import { measureDispute, measureEquivocation } from './fault-operations.ts'
import { GasWorld } from './gas-world.ts'
import type { WorldChain } from './gas-world.ts'
import type { GasPerJob, GasReport } from './interface.ts'
import { measurePayers } from './payer-operations.ts'
import { measureProviders } from './provider-operations.ts'
import { PAIRS_PER_PROVIDER, enrol, measureRedemptions } from './redemption-operations.ts'
import { measureSeedFlow } from './seed-flow.ts'

/** The comparison: so many jobs between so many pairs of a payer and a provider. */
const JOBS = 10_000
const PAIRS = 1_024

/** Runs everything on an anvil of its own; `root` is the repository's. */
export async function benchGas(root: string): Promise<GasReport> {
  const group = new ChildGroup()
  try {
    const chain = await startAnvil(group, 0)
    const world = await GasWorld.deploy(chain, 'public', PARAMETERS.public)
    const { address: provider } = await enrol(world, 'provider')
    await measurePayers(world, provider)
    const batch = await measureRedemptions(world, provider)
    const seedFlow = await measureSeedFlow(world, root)
    await measureProviders(world)
    await measureEquivocation(world)
    await measureDispute(world, disputesOf('public'))
    const local = await measureLocalCommittee(chain)
    const operations = [...world.operations, ...local.operations]
    return { operations, perJob: perJob(seedFlow, batch), sizes: await contractSizes(world) }
  } finally {
    await group.stop()
  }
}

/** The waiting times of both are public; only the committee differs. */
async function measureLocalCommittee(chain: WorldChain): Promise<GasWorld> {
  const world = await GasWorld.deploy(chain, 'local', {
    disputeParameters: disputesOf('local'),
  })
  await measureDispute(world, disputesOf('local'))
  return world
}

function disputesOf(name: 'public' | 'local'): DisputeParameters {
  const { disputeParameters } = PARAMETERS[name]
  if (disputeParameters === undefined) throw new TypeError(`The ${name} set has no committee.`)
  return disputeParameters
}

/**
 * However many jobs a pair has, one voucher covers them: each provider redeems its 32 pairs in one transaction, which
 * was measured, and all of these are shared out over the jobs.
 */
function perJob(seedFlow: number, batchOfPairs: number): GasPerJob {
  const voucherBatch = ((PAIRS / PAIRS_PER_PROVIDER) * batchOfPairs) / JOBS
  return {
    seedFlow,
    voucherBatch: Math.round(voucherBatch),
    ratio: Math.round(seedFlow / voucherBatch),
  }
}
