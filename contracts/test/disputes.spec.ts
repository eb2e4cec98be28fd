import { expect } from 'chai'
import { concatHex, encodeFunctionData, keccak256, toHex, type Hex } from 'viem'
import { providerRegistryAbi } from '../ts/abi/provider-registry.ts'
import {
  ContractError,
  LOCAL_DURATIONS,
  PARAMETERS,
  approve,
  castVote,
  disputeJob,
  disputeMatches,
  disputeOmission,
  disputeReceipts,
  disputeVerdicts,
  enterReferees,
  executeProposal,
  expireDispute,
  matchesFault,
  omissionFault,
  parseDispute,
  payOutDispute,
  payOutFault,
  proposalIdOf,
  propose,
  queueProposal,
  readCommittee,
  readDispute,
  readDisputeParameters,
  readFault,
  readOversight,
  readProposal,
  readProvider,
  readRefereeScore,
  receiptsFault,
  resolveDispute,
  tokenBalanceOf,
  verdictsFault,
  type Signed,
} from '../ts/index.ts'
import { DUCK, type Party } from './support/mesh.ts'
import {
  STAKE,
  type digestOf,
  orderOf,
  receiptOf,
  sign,
  startCourt,
  type Court,
  type Peer,
} from './support/court.ts'

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    expect(error).to.be.instanceOf(ContractError)
    return (error as ContractError).code
  }
  throw new Error('expected the call to fail')
}

/** Faults, disputes and governance on a real chain. Each test goes on where the last one ended. */
describe('disputes on a real chain', () => {
  let court: Court
  let accused: Peer
  let reporter: Party

  before(async () => {
    court = await startCourt()
    accused = court.peers[0]!
    reporter = court.peers[1]!.owner
  })

  after(() => court.anvil.stop())

  const signedBy = async <T extends object>(
    type: Parameters<typeof digestOf>[1],
    message: T,
  ): Promise<Signed<T>> => ({
    message,
    signature: await sign(court, accused.operator, type, message),
  })

  const stakeOf = async (): Promise<bigint> => {
    const { addresses } = court
    const found = await readProvider(court.chain, { addresses, provider: accused.owner.address })
    return found?.stake ?? 0n
  }

  const balanceOf = ({ address }: Party): Promise<bigint> =>
    tokenBalanceOf(court.chain, { addresses: court.addresses, holder: address })

  const open = async (by: Party, nonce: bigint): Promise<Hex> => {
    const { oversight, addresses, done } = court
    const { bond } = await readDisputeParameters(court.chain, { oversight })
    await done(approve(by.client, { addresses, spender: oversight.disputes, amount: bond }))
    const receipt = await signedBy('Receipt', receiptOf(court, nonce))
    const order = orderOf(court, nonce)
    const call = { oversight, receipt, order, reason: 'wrong' }
    const { logs } = await done(disputeJob(by.client, call))
    const [opened] = parseDispute({ oversight, logs })
    expect(opened).to.include({ challenger: by.address, reason: 'wrong' })
    return opened!.disputeId
  }

  it('are found by the registry alone', async () => {
    const { chain, addresses, oversight } = court
    const { governor: _, ...rest } = oversight
    expect(await readOversight(chain, { addresses })).to.deep.equal(rest)
    expect(await readDisputeParameters(chain, { oversight })).to.deep.equal(
      PARAMETERS.local.disputeParameters,
    )
  })

  it('slash a provider that signed two receipts for one step, and pay the reporter', async () => {
    const { chain, oversight, done, reach } = court
    const first = await signedBy('Receipt', receiptOf(court, 1n))
    const other = { ...first.message, tokensRoot: keccak256(toHex('other')) }
    const second = await signedBy('Receipt', other)
    await done(disputeReceipts(reporter.client, { oversight, first, second }))
    expect(await stakeOf()).to.equal((STAKE * 9n) / 10n)
    const faultId = receiptsFault(first.message)
    const fault = await readFault(chain, { oversight, faultId })
    expect(fault).to.include({ reporter: reporter.address, held: STAKE / 10n })
    const again = disputeReceipts(reporter.client, { oversight, first, second })
    expect(await codeOf(again)).to.equal('AlreadyPunished')
    expect(await codeOf(payOutFault(reporter.client, { oversight, faultId }))).to.equal('TooEarly')
    await reach(fault!.unlockAt)
    const before = await balanceOf(reporter)
    await done(payOutFault(reporter.client, { oversight, faultId }))
    expect((await balanceOf(reporter)) - before).to.equal(STAKE / 50n)
    expect((await readFault(chain, { oversight, faultId }))?.held).to.equal(0n)
  })

  it('slash a verifier, and a seat by both kinds of proof', async () => {
    const { chain, oversight, done, client } = court
    const seat = accused.owner.address
    const verdict = { receiptHash: keccak256('0x01'), verifier: seat, leavesRoot: keccak256('0x') }
    const first = await signedBy('Verdict', { ...verdict, outcome: 0 })
    const second = await signedBy('Verdict', { ...verdict, outcome: 1 })
    await done(disputeVerdicts(client.client, { oversight, first, second }))
    const { timestamp } = await chain.getBlock()
    const commits = [1, 2, 3].map((n) => toHex(n, { size: 32 }))
    const [one, two, three] = commits as [Hex, Hex, Hex]
    const bidsRoot = keccak256(concatHex([keccak256(concatHex([one, two])), three].sort()))
    const match = {
      jobId: keccak256('0x02'),
      attempt: 0,
      epoch: timestamp / LOCAL_DURATIONS.epoch,
      turn: 0,
      seat,
      bidsRoot,
      bids: 3,
    }
    const signed = await signedBy('Match', match)
    const changed = await signedBy('Match', { ...match, turn: 1 })
    await done(disputeMatches(client.client, { oversight, first: signed, second: changed }))
    const ack = await signedBy('BidAck', {
      jobId: match.jobId,
      attempt: 0,
      seat,
      commit: keccak256('0x03'),
    })
    await done(disputeOmission(client.client, { oversight, match: signed, ack, commits }))
    const ids = [verdictsFault(first.message), matchesFault(match), omissionFault(match)]
    for (const faultId of ids) {
      const fault = await readFault(chain, { oversight, faultId })
      expect(fault?.reporter).to.equal(client.address)
    }
    const unknown = await readFault(chain, { oversight, faultId: keccak256('0x04') })
    expect(unknown).to.equal(undefined)
  })

  it('end by the rulings of referees whom the later seed draws', async () => {
    const { chain, oversight, done, reach, client, peers } = court
    const disputeId = await open(client, 2n)
    const opened = await readDispute(chain, { oversight, disputeId })
    expect(opened).to.include({ state: 'open', seated: 0, quorum: 3, challenger: client.address })
    await reach(opened!.drawAt)
    const owners = peers.slice(1).map(({ owner }) => owner.address)
    await done(enterReferees(client.client, { oversight, disputeId, owners }))
    const scores = await Promise.all(
      owners.map((owner) => readRefereeScore(chain, { oversight, disputeId, owner })),
    )
    expect(new Set(scores).size).to.equal(owners.length)
    const judge = readRefereeScore(chain, { oversight, disputeId, owner: accused.owner.address })
    expect(await codeOf(judge)).to.equal('NotEligible')
    const committee = await readCommittee(chain, { oversight, disputeId })
    expect(committee).to.have.length(5)
    await reach(opened!.drawEnd)
    const refereeRoot = keccak256(toHex('root'))
    const rulings = await Promise.all(
      committee.slice(0, 3).map(async (address, seat) => {
        const { owner, operator } = peers.find((peer) => peer.operator.address === address)!
        const message = { disputeId, referee: owner.address, outcome: 1, refereeRoot }
        const signature = await sign(court, operator, 'Ruling', message)
        return { seat, referee: owner.address, signature }
      }),
    )
    const stake = await stakeOf()
    rulings.reverse()
    const call = { oversight, disputeId, outcome: 'fault', refereeRoot, rulings } as const
    await done(resolveDispute(client.client, call))
    expect(await stakeOf()).to.equal(stake - opened!.amount)
    const slashed = await readDispute(chain, { oversight, disputeId })
    expect(slashed).to.include({ state: 'slashed', amount: opened!.amount, seated: 5 })
    await reach(slashed!.deadline)
    const before = await balanceOf(client)
    await done(payOutDispute(client.client, { oversight, disputeId }))
    const gained = opened!.bond + opened!.amount / 5n + 2n * DUCK
    expect((await balanceOf(client)) - before).to.equal(gained)
    expect((await readDispute(chain, { oversight, disputeId }))?.state).to.equal('closed')
  })

  it('give the bond back when nobody rules', async () => {
    const { chain, oversight, done, reach, client } = court
    const receipt = await signedBy('Receipt', receiptOf(court, 3n))
    const order = orderOf(court, 3n)
    const foreign = disputeJob(reporter.client, { oversight, receipt, order, reason: '' })
    expect(await codeOf(foreign)).to.equal('NotClient')
    const before = await balanceOf(client)
    const disputeId = await open(client, 3n)
    expect(before - (await balanceOf(client))).to.equal(100n * DUCK)
    const { drawEnd } = (await readDispute(chain, { oversight, disputeId }))!
    await reach(drawEnd)
    await done(expireDispute(reporter.client, { oversight, disputeId }))
    expect(await balanceOf(client)).to.equal(before)
    const unknown = await readDispute(chain, { oversight, disputeId: keccak256('0x05') })
    expect(unknown).to.equal(undefined)
  })

  it('leave the bounded parameters to votes of stake, after a delay', async () => {
    const { chain, addresses, oversight, done, reach } = court
    const { governor } = oversight
    const data = encodeFunctionData({
      abi: providerRegistryAbi,
      functionName: 'setMinStake',
      args: [2_000n * DUCK],
    })
    const proposal = { calls: [{ to: addresses.registry, data }], description: 'more stake' }
    const proposalId = proposalIdOf(proposal)
    const unknown = readProposal(chain, { governor, proposalId })
    expect(await codeOf(unknown)).to.equal('GovernorNonexistentProposal')
    await done(propose(reporter.client, { governor, ...proposal }))
    const { snapshot, deadline } = await readProposal(chain, { governor, proposalId })
    await reach(snapshot + 1n)
    await done(castVote(reporter.client, { governor, proposalId, vote: 'for' }))
    await reach(deadline + 1n)
    await done(queueProposal(reporter.client, { governor, ...proposal }))
    const queued = await readProposal(chain, { governor, proposalId })
    expect(queued.state).to.equal('queued')
    const early = executeProposal(reporter.client, { governor, ...proposal })
    expect(await codeOf(early)).to.equal('TimelockUnexpectedOperationState')
    await reach(queued.eta)
    await done(executeProposal(reporter.client, { governor, ...proposal }))
    const { state } = await readProposal(chain, { governor, proposalId })
    expect(state).to.equal('executed')
  })
})
