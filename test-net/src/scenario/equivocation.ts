/**
 * A registered provider signs two contradicting receipts for one step. The client that it served hands both to peers,
 * one of which brings them to the chain, and a part of the provider's stake is gone: rules C-19 to C-22, P-12, P-15.
 * The launcher only watches: it carries nothing.
 */
import { setTimeout as pause } from 'node:timers/promises'
import {
  disputeReceipts,
  duckTokenAbi,
  payOutFault,
  readFault,
  readOversight,
  signedFaultsAbi,
} from '@duckmesh/contracts'
import { readProvider, receiptsFault, tokenBalanceOf, waitForSuccess } from '@duckmesh/contracts'
import type { OversightAddresses, Receipt, Signed, WriteClient } from '@duckmesh/contracts'
import { formatDuck } from '@duckmesh/node'
import { DuckMeshError, lowerHex, toDuckMeshError } from '@duckmesh/protocols'
import type { ModelOffer } from '@duckmesh/protocols'
import { getAbiItem, getAddress, parseEther } from 'viem'
import type { Address, Hash, Hex } from 'viem'
import { getLogs, readContract } from 'viem/actions'
import { ACCOUNT_INDEX, account } from '../chain/accounts.ts'
import type { Devnet } from '../devnet.ts'
import { runJob } from '../job/run-job.ts'
import { FakeProvider } from './fake-provider.ts'
import type { Sender } from './fake-provider.ts'
import type { EquivocationReport, LinePrinter } from './interface.ts'

/** The client looks for providers and runs a job within this, ms. */
const CLIENT_TIMEOUT_MS = 60_000
/** Until a peer has brought the proof to the chain, and all others have seen that, ms: each waits 5 s at most. */
const PROOF_TIMEOUT_MS = 30_000
/** Between two looks at the chain's clock, or for an offer, ms. */
const LOOK_MS = 250
const STEP_TOKENS = 64
/** What the second receipt asks more for the same step, wei. */
const EXTRA: bigint = parseEther('0.01')

/** A scene with its actors. */
interface Scene {
  net: Devnet
  rogue: FakeProvider
  oversight: OversightAddresses
  /** Stake of the rogue before, wei. */
  stake: bigint
  /** Somebody who has nothing to do with it, and pays for transactions that anybody may send. */
  stranger: WriteClient
  printer: LinePrinter
}

/** Both receipts, and how the job ended at the provider that signed them. */
interface Proof {
  jobId: Hex
  receipts: [Signed<Receipt>, Signed<Receipt>]
  clientSaw: string
}

/** Plays it on a network that runs. Rejects with what a step failed with; the network is left running. */
export async function runEquivocation(
  net: Devnet,
  printer: LinePrinter,
): Promise<EquivocationReport> {
  const { addresses, publicClient } = net.funder
  const rogue = await FakeProvider.start({ net }, await servedModel(net))
  try {
    const oversight = await readOversight(publicClient, { addresses })
    const stranger = net.funder.walletOf(account(ACCOUNT_INDEX.deployer))
    const stake = await stakeOf(net, rogue.owner)
    const scene = { net, rogue, oversight, stake, stranger, printer }
    printer.line()
    printer.line('A provider that signs two receipts for one step')
    await introduce(scene)
    const proof = await serveOnce(scene)
    return await punish(scene, proof)
  } finally {
    await rogue.stop()
  }
}

async function introduce({ net, printer, rogue, stake }: Scene): Promise<void> {
  printer.line(`  register   ${rogue.owner} stakes ${formatDuck(stake)} and asks next to nothing`)
  const deadline = Date.now() + CLIENT_TIMEOUT_MS
  while (!(await offersOf(net)).some(({ provider }) => lowerHex(provider) === rogue.owner)) {
    if (Date.now() > deadline) throw net.client.failure('did not find the provider')
    await pause(LOOK_MS)
  }
  printer.line('  offer      the client knows its offer')
}

/** One job that goes to the cheap one, which bills its first step twice. */
async function serveOnce({ net, printer, rogue }: Scene): Promise<Proof> {
  rogue.act = (send) => signTwice(rogue, send)
  const told = net.client.event('contradiction', CLIENT_TIMEOUT_MS)
  // Nobody waits for it when the job could not begin.
  told.catch(() => undefined)
  const { name: model } = await servedModel(net)
  const job = { prompt: 'Tell me a story about a brave duck.', model, maxTokens: 2 * STEP_TOKENS }
  const clientSaw = await runJob(net.client, { ...job, maxPrice: parseEther('1'), lane: 'direct' })
    .then(({ states }) => states.at(-1)?.state ?? 'finalized')
    .catch((error: unknown) => toDuckMeshError(error).code)
  const { jobId, receipts } = await told
  const [first, second] = receipts as [SignedReceiptLine, SignedReceiptLine]
  const proof: Proof = {
    jobId: jobId as Hex,
    receipts: [readSigned(first), readSigned(second)],
    clientSaw,
  }
  printer.line(`  job        ${proof.jobId} went to it`)
  for (const { message, signature } of proof.receipts) {
    const { amount, seq, tokensOut } = message
    const what = `step ${seq + 1}: ${tokensOut} tokens for ${formatDuck(amount)}`
    printer.line(`  receipt    ${what}, signed ${signature.slice(0, 18)}…`)
  }
  printer.line(
    `  client     hands both to its peers and pays nothing more; the job ends as ${clientSaw}`,
  )
  return proof
}

/** A whole good step; once it is paid on, the same step for more. */
async function signTwice(rogue: FakeProvider, send: Sender): Promise<void> {
  await send.tokens(STEP_TOKENS)
  await send.receipt(0n)
  const deadline = Date.now() + CLIENT_TIMEOUT_MS
  while (rogue.last.vouchers.length < 2 && Date.now() < deadline) await pause(LOOK_MS / 10)
  await send.receipt(EXTRA)
}

async function punish(scene: Scene, proof: Proof): Promise<EquivocationReport> {
  const { net, oversight, printer, rogue, stake, stranger } = scene
  const [first, second] = proof.receipts
  const faultId = receiptsFault(first.message)
  const { gasUsed, hash: proofTx, reporter } = await proved(scene, faultId)
  const peers = await informed(net)
  const after = await stakeOf(net, rogue.owner)
  const fault = await readFault(net.funder.publicClient, { oversight, faultId })
  if (fault === undefined) throw new DuckMeshError('CHAIN_REVERTED', 'The chain kept no fault.')
  printer.line(`  proof      ${reporter}, a peer, sent it by itself: ${proofTx}, ${gasUsed} gas`)
  printer.line(`  slash      stake ${formatDuck(stake)} -> ${formatDuck(after)}`)
  const call = { oversight, first, second }
  const refusals = {
    again: await codeOf(disputeReceipts(stranger, call)),
    early: await codeOf(payOutFault(stranger, { oversight, faultId })),
  }
  const transactions = (await proofsOf(scene, faultId)).length
  printer.line(`  once       ${peers} peers have the proof, ${transactions} transaction was sent`)
  printer.line(`  replay     a stranger sends the two receipts again: ${refusals.again}`)
  printer.line(
    `  lock       paid out now: ${refusals.early}; ${formatDuck(fault.held)} wait for the lock`,
  )
  const { payOutTx, paidOut } = await payOut(scene, faultId, fault)
  return {
    scenario: 'equivocation',
    provider: getAddress(rogue.owner),
    jobId: proof.jobId,
    clientSaw: proof.clientSaw,
    faultId,
    reporter,
    proofTx,
    gasUsed,
    peers,
    transactions,
    refusals,
    stake: { before: stake, after },
    held: fault.held,
    payOutTx,
    paidOut,
  }
}

interface ProofTransaction {
  hash: Hash
  reporter: Address
  gasUsed: number
}

const FAULT_PROVED = getAbiItem({ abi: signedFaultsAbi, name: 'FaultProved' })

/** Transactions that proved this fault. */
async function proofsOf({ net, oversight }: Scene, faultId: Hex): Promise<ProofTransaction[]> {
  const { publicClient } = net.funder
  const from = { address: oversight.signedFaults, event: FAULT_PROVED, fromBlock: 0n }
  const logs = await getLogs(publicClient, { ...from, args: { faultId }, strict: true })
  return Promise.all(
    logs.map(async ({ args, transactionHash: hash }) => {
      const { gasUsed } = await publicClient.getTransactionReceipt({ hash })
      return { hash, reporter: args.reporter, gasUsed: Number(gasUsed) }
    }),
  )
}

/** Waits until some peer has proved it. Rejects with CHILD_FAILED when none does. */
async function proved(scene: Scene, faultId: Hex): Promise<ProofTransaction> {
  const deadline = Date.now() + PROOF_TIMEOUT_MS
  for (;;) {
    const [first] = await proofsOf(scene, faultId)
    if (first !== undefined) return first
    if (Date.now() > deadline) throw scene.net.client.failure('found no peer that sent the proof')
    await pause(LOOK_MS)
  }
}

/** Waits until every peer knows what became of the proof; resolves to how many they are. */
async function informed({ providers }: Devnet): Promise<number> {
  const deadline = Date.now() + PROOF_TIMEOUT_MS
  for (const { child } of providers) {
    for (;;) {
      const { evidence } = await child.ask<PeerEvidence>('status', {}, CLIENT_TIMEOUT_MS)
      if (evidence.open === 0 && evidence.submitted + evidence.punished > 0) break
      if (Date.now() > deadline) throw child.failure('did not hear of the proof')
      await pause(LOOK_MS)
    }
  }
  return providers.length
}

/** What a peer tells of the proofs that it keeps. */
interface PeerEvidence {
  evidence: { open: number; submitted: number; punished: number }
}

async function payOut(
  { net, oversight, printer, stranger }: Scene,
  faultId: Hex,
  { reporter, unlockAt }: { reporter: Address; unlockAt: number },
): Promise<Pick<EquivocationReport, 'payOutTx' | 'paidOut'>> {
  const { publicClient } = net.funder
  while ((await publicClient.getBlock()).timestamp < unlockAt) await pause(LOOK_MS)
  const before = await wallets(net, reporter)
  const { hash: payOutTx } = await done(net, payOutFault(stranger, { oversight, faultId }))
  const after = await wallets(net, reporter)
  const change = (of: keyof typeof before): { before: bigint; after: bigint } => {
    return { before: before[of], after: after[of] }
  }
  const paidOut = {
    reporter: change('reporter'),
    client: change('client'),
    supply: change('supply'),
  }
  printer.line(`  pay-out    ${payOutTx} after the lock`)
  printer.line(`  reporter   ${formatDuck(before.reporter)} -> ${formatDuck(after.reporter)}`)
  printer.line(`  client     ${formatDuck(before.client)} -> ${formatDuck(after.client)}`)
  printer.line(
    `  burnt      ${formatDuck(before.supply - after.supply)}, out of ${formatDuck(before.supply)}`,
  )
  return { payOutTx, paidOut }
}

async function wallets(
  net: Devnet,
  reporter: Address,
): Promise<Record<'reporter' | 'client' | 'supply', bigint>> {
  const { addresses, publicClient } = net.funder
  const client = account(ACCOUNT_INDEX.client).address
  const [ofReporter, ofClient, supply] = await Promise.all([
    tokenBalanceOf(publicClient, { addresses, holder: reporter }),
    tokenBalanceOf(publicClient, { addresses, holder: client }),
    readContract(publicClient, {
      address: addresses.token,
      abi: duckTokenAbi,
      functionName: 'totalSupply',
    }),
  ])
  return { reporter: ofReporter, client: ofClient, supply }
}

async function stakeOf(net: Devnet, owner: Hex): Promise<bigint> {
  const { addresses, publicClient } = net.funder
  const found = await readProvider(publicClient, { addresses, provider: getAddress(owner) })
  return found?.stake ?? 0n
}

async function done(net: Devnet, sent: Promise<Hash>): Promise<{ hash: Hash; gasUsed: number }> {
  const hash = await sent
  const { gasUsed } = await waitForSuccess(net.funder.publicClient, { hash })
  return { hash, gasUsed: Number(gasUsed) }
}

/** The code of what must not work; `none` when it did. */
async function codeOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? toDuckMeshError(error).code
  }
}

/** Offers as the client process tells them: amounts are decimal strings. */
interface OfferLine {
  provider: Hex
  models: (Omit<ModelOffer, 'priceIn' | 'priceOut'> & { priceIn: string; priceOut: string })[]
}

async function offersOf(net: Devnet): Promise<OfferLine[]> {
  const entries = await net.client.ask<{ offer: OfferLine }[]>('offers', {}, CLIENT_TIMEOUT_MS)
  return entries.map(({ offer }) => offer)
}

/** The model that the honest peers serve. */
async function servedModel(net: Devnet): Promise<ModelOffer> {
  const [model] = (await offersOf(net)).flatMap(({ models }) => models)
  if (model === undefined) throw net.client.failure('knows no model')
  return { ...model, priceIn: BigInt(model.priceIn), priceOut: BigInt(model.priceOut) }
}

interface SignedReceiptLine {
  receipt: Omit<Receipt, 'amount'> & { amount: string }
  signature: Hex
}

function readSigned({ receipt, signature }: SignedReceiptLine): Signed<Receipt> {
  return { message: { ...receipt, amount: BigInt(receipt.amount) }, signature }
}
