/** What proofs by two signatures cost, and disputes with their committees. */
import {
  approve,
  disputeJob,
  disputeReceipts,
  enterReferees,
  parseDispute,
} from '@duckmesh/contracts'
import { readCommittee, readDispute, resolveDispute, setClasses } from '@duckmesh/contracts'
import type { JobOrder, Receipt, Signed, SignedRuling } from '@duckmesh/contracts'
import { hashTypedData, keccak256, maxUint256, stringToHex } from 'viem'
import type { Hex } from 'viem'
import { PRICE } from './amounts.ts'
import type { GasWorld, Party } from './gas-world.ts'
import { GOALS, quorumSlashGoal } from './goals.ts'
import { enrol } from './redemption-operations.ts'
import { typedData } from './typed-data.ts'

const MODEL: Hex = keccak256(stringToHex('duckling'))
const ROOT: Hex = keccak256(stringToHex('what the referees found'))
/** Candidates beside those who can be seated. */
const SPARE = 2

/** A provider whose receipts are at issue, and the payer of its jobs. */
interface Case {
  world: GasWorld
  provider: Party
  operator: Party
  payer: Party
}

/** Measures slashes by two receipts; the first of a network fills what later ones change. */
export async function measureEquivocation(world: GasWorld): Promise<void> {
  const accused = await openCase(world, 'double signer')
  const reporter = await world.funded('reporter')
  const { oversight } = world
  for (const nonce of [1n, 2n, 3n]) {
    await world.passEpochs()
    const first = await receiptOf(accused, nonce)
    const other = { ...first.message, tokensRoot: keccak256(stringToHex('another text')) }
    const second = await signed(accused, other)
    const hash = disputeReceipts(reporter.client, { oversight, first, second })
    const goal = GOALS.equivocationSlash
    const name = 'disputeReceipts (equivocation slash)'
    if (nonce < 3n) await world.done(hash)
    else await world.measure({ name, goal, recoveries: 2 }, hash)
  }
}

/** Measures a dispute from its opening to the slash, decided by `quorum` of `committee` referees. */
export async function measureDispute(
  world: GasWorld,
  { committee, quorum }: { committee: number; quorum: number },
): Promise<void> {
  const accused = await openCase(world, `wrong ${committee}`)
  const names = Array.from({ length: committee + SPARE }, (_, n) => `referee ${committee}.${n}`)
  for (const name of names) await enlist(world, name)
  await world.passEpochs()
  // the second one of a client: the first fills the balance of the contract
  await world.done(open(accused, 1n))
  const of = `${committee} seats`
  const opening = { name: `disputeJob, ${of}`, recoveries: 1 }
  const { logs } = await world.measure(opening, open(accused, 2n))
  const [opened] = parseDispute({ oversight: world.oversight, logs })
  if (opened === undefined) throw new TypeError('No dispute was opened.')
  const { disputeId } = opened
  await draw(world, disputeId, names)
  const rulings = await rule(world, disputeId, names, quorum)
  const call = { disputeId, outcome: 'fault', refereeRoot: ROOT, rulings } as const
  const hash = resolveDispute(accused.payer.client, { oversight: world.oversight, ...call })
  const name = `resolveDispute (slash by a quorum of ${quorum})`
  await world.measure({ name, goal: quorumSlashGoal(quorum), recoveries: quorum }, hash)
}

async function openCase(world: GasWorld, name: string): Promise<Case> {
  const provider = await enrol(world, name)
  const payer = await world.funded(`${name} payer`)
  return { world, provider, payer, operator: world.party(`${name} operator`) }
}

async function enlist(world: GasWorld, name: string): Promise<void> {
  const { addresses } = world
  const owner = await enrol(world, name)
  await world.done(setClasses(owner.client, { addresses, classes: [MODEL] }))
}

async function open(accused: Case, nonce: bigint): Promise<Hex> {
  const { payer, world } = accused
  const { addresses, oversight } = world
  const approval = { addresses, spender: oversight.disputes, amount: maxUint256 }
  if (nonce === 1n) await world.done(approve(payer.client, approval))
  const receipt = await receiptOf(accused, nonce)
  const order = orderOf(accused, nonce)
  return disputeJob(payer.client, { oversight, receipt, order, reason: 'another model answered' })
}

/** Enters all candidates, at most as many at a time as the contract takes, and waits for the end of the draw. */
async function draw(world: GasWorld, disputeId: Hex, names: readonly string[]): Promise<void> {
  const { client, oversight } = world
  const dispute = await readDispute(client, { oversight, disputeId })
  if (dispute === undefined) throw new TypeError('The dispute is not there.')
  await world.reach(dispute.drawAt)
  const owners = names.map((name) => world.party(name).address)
  const relayer = await world.funded(`clerk ${names.length}`)
  const name = `enterReferees, ${owners.length} for ${dispute.committee} seats, a candidate`
  const hash = enterReferees(relayer.client, { oversight, disputeId, owners })
  await world.measure({ name, vouchers: owners.length }, hash)
  await world.reach(dispute.drawEnd)
}

/** The rulings of the first seats. */
async function rule(
  world: GasWorld,
  disputeId: Hex,
  names: readonly string[],
  quorum: number,
): Promise<SignedRuling[]> {
  const seats = await readCommittee(world.client, { oversight: world.oversight, disputeId })
  const byOperator = new Map(
    names.map((name) => [world.party(`${name} operator`).address, name] as const),
  )
  return Promise.all(
    seats.slice(0, quorum).map(async (operator, seat) => {
      const name = byOperator.get(operator)
      if (name === undefined) throw new TypeError(`Nobody knows the referee ${operator}.`)
      const referee = world.party(name).address
      const ruling = { disputeId, referee, outcome: 1, refereeRoot: ROOT }
      const signature = await world.sign(world.party(`${name} operator`), 'Ruling', ruling)
      return { seat, referee, signature }
    }),
  )
}

function orderOf({ payer }: Case, nonce: bigint): JobOrder {
  return {
    payer: payer.address,
    nonce,
    modelId: MODEL,
    specHash: keccak256(stringToHex('spec')),
    mode: 1,
    replicas: 1,
    maxPrice: 2n * PRICE,
    auditBps: 500,
    secretHash: keccak256(stringToHex('secret')),
    deadline: 4_000_000_000n,
  }
}

function receiptOf(accused: Case, nonce: bigint): Promise<Signed<Receipt>> {
  const { payer, provider, world } = accused
  const order = orderOf(accused, nonce)
  const { registry } = world.addresses
  return signed(accused, {
    jobId: hashTypedData(typedData(world.chainId, registry, 'JobOrder', order)),
    segment: 0,
    item: 0,
    seq: 0,
    payer: payer.address,
    provider: provider.address,
    tokensIn: 100,
    tokensOut: 64,
    tokensRoot: keccak256(stringToHex('tokens')),
    traceRoot: keccak256(stringToHex('trace')),
    amount: PRICE,
    specHash: order.specHash,
    last: true,
  })
}

async function signed({ operator, world }: Case, message: Receipt): Promise<Signed<Receipt>> {
  return { message, signature: await world.sign(operator, 'Receipt', message) }
}
