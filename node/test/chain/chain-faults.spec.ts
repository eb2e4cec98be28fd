/** Tests: proofs before a real chain, and what it says against a provider. */
import {
  approve,
  disputeJob,
  matchesFault,
  mint,
  omissionFault,
  parseDispute,
  readOversight,
  readProvider,
  receiptsFault,
  verdictsFault,
  waitForSuccess,
} from '@duckmesh/contracts'
import type { OversightAddresses } from '@duckmesh/contracts'
import { evidenceProofCodec } from '@duckmesh/protocols'
import { EvidenceDesk, readProof } from '@duckmesh/protocols/evidence'
import { signStruct, structDigest } from '@duckmesh/protocols'
import type { EvidenceProof, Hex, NetworkIdentity, Signer } from '@duckmesh/protocols'
import type { ProofRecord } from '@duckmesh/protocols/evidence'
import { bidsRoot, sortedCommits } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import {
  ChainAccusations,
  ChainFaults,
  ChainView,
  TransactionSender,
} from '../../src/chain/index.ts'
import { createReadClient } from '../../src/chain/create-clients.ts'
import { NodeCrypto } from '../../src/crypto/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { DUCK, silent, startLocalChain } from './local-chain.ts'
import type { LocalChain, Party } from './local-chain.ts'

const hash = (digit: string): Hex => `0x${digit.repeat(64)}`

describe('ChainFaults', function () {
  this.timeout(60_000)
  let chain: LocalChain
  let oversight: OversightAddresses
  let network: NetworkIdentity
  const crypto = new NodeCrypto()
  const clock = new ManualClock()

  before(async () => {
    chain = await startLocalChain()
    oversight = await readOversight(chain.read, chain)
    const { chainId } = chain.network
    network = { name: '31337-00000000', chainId, registry: chain.addresses.registry }
  })
  after(() => chain.stop())

  function faultsOf({ client, signer }: Party): ChainFaults {
    const view = new ChainView({ clock, logger: silent, clients: [chain.read] })
    const sender = new TransactionSender({ read: chain.read, write: client })
    return new ChainFaults({
      oversight,
      read: chain.read,
      reporter: signer.address,
      sender,
      view: { requireFresh: () => view.refresh().then(() => undefined) },
    })
  }

  const owner = (): Hex => chain.provider.signer.address
  const stake = async (): Promise<bigint> => {
    const found = await readProvider(chain.read, { ...chain, provider: owner() })
    return found?.stake ?? 0n
  }
  const read = (proof: EvidenceProof) =>
    readProof(evidenceProofCodec.encode(proof), { network, crypto })
  /** The proof in the one order of its two messages that holds. */
  const ordered = (of: (swap: boolean) => EvidenceProof) => {
    try {
      return read(of(false))
    } catch {
      return read(of(true))
    }
  }

  async function receipts(job: Hex, signer: Signer = chain.operator.signer) {
    const pair = await Promise.all(
      [1n, 2n].map(async (amount) => {
        const receipt = {
          ...{ jobId: job, segment: 3, item: 70_000, seq: 5, provider: owner() },
          ...{ payer: chain.payer.signer.address, tokensIn: 1, tokensOut: 2, amount, last: false },
          ...{ tokensRoot: hash('1'), traceRoot: hash('2'), specHash: hash('3') },
        }
        return { receipt, signature: await signStruct(signer, network, 'Receipt', receipt) }
      }),
    )
    const [a, b] = pair as [(typeof pair)[0], (typeof pair)[0]]
    return ordered((swap) => ({
      kind: 'receipts',
      receipts: swap ? { first: b, second: a } : { first: a, second: b },
    }))
  }

  async function verdicts(receiptHash: Hex) {
    const said = await Promise.all(
      [0, 1].map(async (outcome) => {
        const statement = { receiptHash, verifier: owner(), outcome, leavesRoot: hash('4') }
        const { signer } = chain.operator
        return { statement, signature: await signStruct(signer, network, 'Verdict', statement) }
      }),
    )
    const [a, b] = said as [(typeof said)[0], (typeof said)[0]]
    return ordered((swap) => ({
      kind: 'verdicts',
      verdicts: swap ? { first: b, second: a } : { first: a, second: b },
    }))
  }

  async function signedMatch(jobId: Hex, commits: readonly Hex[], epoch: number) {
    const match = {
      ...{ jobId, attempt: 1, epoch, turn: 2, seat: owner() },
      ...{ bidsRoot: bidsRoot(commits), bids: commits.length },
    }
    const signature = await signStruct(chain.operator.signer, network, 'Match', match)
    return { match, signature }
  }

  /** A late epoch: its fault window ends in the future. */
  const LATE = 1_000_000_000

  async function matches(jobId: Hex, epoch = LATE) {
    const a = await signedMatch(jobId, [], epoch)
    const b = await signedMatch(jobId, [hash('5')], epoch)
    return ordered((swap) => ({
      kind: 'matches',
      matches: swap ? { first: b, second: a } : { first: a, second: b },
    }))
  }

  async function omission(jobId: Hex) {
    const commits = sortedCommits([hash('7'), hash('6')])
    const match = await signedMatch(jobId, commits, LATE)
    const ack = { jobId, attempt: 1, seat: owner(), commit: hash('8') }
    const signature = await signStruct(chain.operator.signer, network, 'BidAck', ack)
    return read({ kind: 'omission', omission: { match, ack: { ack, signature }, commits } })
  }

  it('names faults as the contracts do', async () => {
    const proofs = [
      await receipts(hash('a')),
      await verdicts(hash('a')),
      await matches(hash('a')),
      await omission(hash('a')),
    ]
    const step = { provider: owner(), jobId: hash('a'), segment: 3, item: 70_000, seq: 5 }
    const attempt = { seat: owner(), jobId: hash('a'), attempt: 1 }
    expect(proofs.map(({ faultId }) => faultId)).to.deep.equal([
      receiptsFault(step),
      verdictsFault({ verifier: owner(), receiptHash: hash('a') }),
      matchesFault(attempt),
      omissionFault(attempt),
    ])
  })

  for (const [kind, make, share] of [
    ['receipts', () => receipts(hash('b')), 10n],
    ['verdicts', () => verdicts(hash('b')), 10n],
    ['matches', () => matches(hash('b')), 100n],
    ['omission', () => omission(hash('b')), 100n],
  ] as const) {
    it(`slashes once for ${kind}: open, then punished, and a second transaction is refused`, async () => {
      const proof = await make()
      const faults = faultsOf(chain.payer)
      const before = await stake()
      expect(await faults.judge(proof)).to.equal('open')
      expect(await faults.report(proof)).to.match(/^0x[0-9a-f]{64}$/)
      expect(before - (await stake())).to.equal(before / share)
      expect(await faults.judge(proof)).to.equal('punished')
      const error = await rejection(faultsOf(chain.deployer).report(proof))
      expect(error).to.include({ code: 'CHAIN_REVERTED' })
      expect((error as { details?: object }).details).to.include({ error: 'AlreadyPunished' })
    })
  }

  it('finds void what strangers signed, and a match whose time is over', async () => {
    const faults = faultsOf(chain.payer)
    expect(await faults.judge(await receipts(hash('c'), chain.payer.signer))).to.equal('void')
    expect(await faults.judge(await matches(hash('c'), 5))).to.equal('void')
  })

  it('rejects with CHAIN_UNREACHABLE when nobody answers', async () => {
    const view = { requireFresh: () => Promise.resolve() }
    const gone = createReadClient({ chainId: 31_337, rpc: 'http://127.0.0.1:1', local: true })
    const sender = new TransactionSender({ read: gone, write: chain.payer.client })
    const reporter = chain.payer.signer.address
    const faults = new ChainFaults({ oversight, read: gone, reporter, sender, view })
    expect(await rejection(faults.judge(await receipts(hash('d'))))).to.include({
      code: 'CHAIN_UNREACHABLE',
    })
  })

  it('takes one transaction of three desks that race for one fault', async () => {
    const proof = await receipts(hash('e'))
    const saved: ProofRecord[] = []
    const before = await stake()
    const desks = [chain.payer, chain.deployer, chain.operator].map((party, i) => {
      const faults = faultsOf(party)
      return new EvidenceDesk(
        {
          ...{ clock, crypto, network, faults, reporter: faults, logger: silent },
          announce: () => Promise.resolve(),
          store: { save: async (record) => void saved.push(record), list: async () => [] },
        },
        { self: { owner: `0x${'0'.repeat(39)}${i}`, peerKey: hash('0') }, maxDelayMs: 1 },
      )
    })
    await Promise.all(desks.map((desk) => desk.found(proof.proof)))
    const ends = (): number => saved.filter(({ state }) => state !== 'open').length
    clock.advance(1)
    while (ends() < desks.length) await new Promise((resolve) => setImmediate(resolve))
    const states = desks.map(({ counts }) => counts)
    expect(states.filter(({ submitted }) => submitted === 1)).to.have.length(1)
    expect(states.filter(({ punished }) => punished === 1)).to.have.length(2)
    expect(before - (await stake())).to.equal(before / 10n)
  })

  /** The payer accuses the provider of a wrong result of one step. */
  async function openDispute(reason: string) {
    const { addresses, deployer, operator, payer } = chain
    const done = async (sent: Promise<Hex>) => waitForSuccess(chain.read, { hash: await sent })
    const amount = 1_000n * DUCK
    await done(mint(deployer.client, { addresses, to: payer.signer.address, amount }))
    await done(approve(payer.client, { addresses, spender: oversight.disputes, amount }))
    const order = {
      ...{ payer: payer.signer.address, nonce: 1n, modelId: hash('1'), specHash: hash('3') },
      ...{ mode: 1, replicas: 1, maxPrice: DUCK, auditBps: 0, secretHash: hash('2') },
      deadline: 2_000_000_000n,
    }
    const message = {
      ...{ jobId: structDigest(network, 'JobOrder', order), segment: 0, item: 0, seq: 0 },
      ...{ payer: order.payer, provider: owner(), tokensIn: 1, tokensOut: 2, amount: 1n },
      ...{ tokensRoot: hash('1'), traceRoot: hash('2'), specHash: hash('3'), last: true },
    }
    const signature = await signStruct(operator.signer, network, 'Receipt', message)
    const receipt = { message, signature }
    const call = { oversight, receipt, order, reason }
    const { blockNumber, logs } = await done(disputeJob(payer.client, call))
    const [opened] = parseDispute({ oversight, logs })
    if (opened === undefined) throw new TypeError('no dispute')
    return { id: opened.disputeId, amount: opened.amount, block: Number(blockNumber) }
  }

  describe('ChainAccusations', () => {
    it('tells the slashes of its provider, with amount, fault and reporter', async () => {
      const { addresses, read: client } = chain
      const log = new ChainAccusations({ addresses, oversight, provider: owner(), read: client })
      const head = await log.head()
      const proof = await receipts(hash('f'))
      const before = await stake()
      await faultsOf(chain.payer).report(proof)
      const told = await log.between(head + 1, await log.head())
      expect(told).to.deep.equal([
        {
          kind: 'slash',
          id: proof.faultId,
          amount: before / 10n,
          by: chain.payer.signer.address,
          block: head + 1,
          reason: '',
        },
      ])
    })

    it('tells disputes of its provider with what the client says, and nothing to others', async () => {
      const { addresses, payer, read: client } = chain
      const log = new ChainAccusations({ addresses, oversight, provider: owner(), read: client })
      const head = await log.head()
      const dispute = await openDispute('not the model')
      const told = await log.between(head + 1, await log.head())
      expect(told).to.have.length(1)
      expect(told[0]).to.include({
        kind: 'dispute',
        by: payer.signer.address,
        block: dispute.block,
      })
      expect(told[0]).to.include({
        id: dispute.id,
        amount: dispute.amount,
        reason: 'not the model',
      })
      const provider = chain.payer.signer.address
      const other = new ChainAccusations({ addresses, oversight, provider, read: client })
      expect(await other.between(0, await log.head())).to.deep.equal([])
    })
  })
})
