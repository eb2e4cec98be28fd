/** A chain with disputes and governance on it, five who serve a model, and what they sign. */
import { createPublicClient, createTestClient, hashTypedData, http, keccak256, toHex } from 'viem'
import type {
  Address,
  Hash,
  Hex,
  PublicClient,
  TestClient,
  TransactionReceipt,
  TypedDataDefinition,
} from 'viem'
import { anvil as anvilChain } from 'viem/chains'
import { deployDuckMesh } from '../../ts/deploy.ts'
import type { DeployedOversight } from '../../ts/deploy-oversight.ts'
import {
  LOCAL_DURATIONS,
  PARAMETERS,
  approve,
  mint,
  registerProvider,
  setClasses,
  waitForSuccess,
  type Addresses,
  type JobOrder,
  type Receipt,
} from '../../ts/index.ts'
import { startAnvil, type Anvil } from './anvil.ts'
import { DUCK, createParty, type Party } from './mesh.ts'

export const MODEL: Hex = keccak256(toHex('duckling'))
export const STAKE: bigint = 10_000n * DUCK

/** A provider: its owner, and the operator that signs for it. */
export interface Peer {
  owner: Party
  operator: Party
}

export interface Court {
  anvil: Anvil
  chain: PublicClient
  addresses: Addresses
  oversight: DeployedOversight
  deployer: Party
  client: Party
  /** the first is accused, the others can be referees */
  peers: Peer[]
  done: (hash: Promise<Hash>) => Promise<TransactionReceipt>
  /** lets the chain's time reach `time`, unix seconds */
  reach: (time: number | bigint) => Promise<void>
}

/** Keys of no other use; the accounts get their gas from `anvil_setBalance`. */
const keyOf = (number: number): Hex => keccak256(toHex(`court ${number}`))
const deployerKey: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

/** Starts a local network in which the stakes of five peers weigh already. */
export async function startCourt(): Promise<Court> {
  const anvil = await startAnvil()
  const transport = http(anvil.url)
  const chain = createPublicClient({ chain: anvilChain, transport, pollingInterval: 10 })
  const test = createTestClient({ chain: anvilChain, mode: 'anvil', transport })
  const deployer = createParty(anvil.url, deployerKey)
  const { addresses, oversight } = await deployDuckMesh({
    walletClient: deployer.client,
    publicClient: chain,
    parameters: PARAMETERS.local,
  })
  if (oversight === undefined) throw new TypeError('no disputes were deployed')
  const done = async (hash: Promise<Hash>): Promise<TransactionReceipt> =>
    waitForSuccess(chain, { hash: await hash })
  const reach = (time: number | bigint): Promise<void> => reachTime(chain, test, BigInt(time))
  const client = createParty(anvil.url, keyOf(99))
  const peers = Array.from({ length: 6 }, (_, i) => ({
    owner: createParty(anvil.url, keyOf(i)),
    operator: createParty(anvil.url, keyOf(i + 10)),
  }))
  for (const { address } of [client, ...peers.map(({ owner }) => owner)])
    await test.setBalance({ address, value: 10n * DUCK })
  const court = { anvil, chain, addresses, oversight, deployer, client, peers, done, reach }
  for (const peer of peers) await enlist(court, peer)
  await fund(court, client.address)
  const { timestamp } = await chain.getBlock()
  await reach(timestamp + 2n * LOCAL_DURATIONS.epoch)
  return court
}

async function reachTime(chain: PublicClient, test: TestClient, time: bigint): Promise<void> {
  const { timestamp } = await chain.getBlock()
  if (timestamp >= time) return
  await test.increaseTime({ seconds: Number(time - timestamp) })
  await test.mine({ blocks: 1 })
}

async function fund({ deployer, addresses, done }: Court, to: Address): Promise<void> {
  await done(mint(deployer.client, { addresses, to, amount: 2n * STAKE }))
}

async function enlist(court: Court, { owner, operator }: Peer): Promise<void> {
  const { addresses, done } = court
  await fund(court, owner.address)
  await done(approve(owner.client, { addresses, spender: addresses.registry, amount: STAKE }))
  const peerKey = keccak256(owner.address)
  const registration = { operator: operator.address, peerKey, stake: STAKE }
  await done(registerProvider(owner.client, { addresses, ...registration }))
  await done(setClasses(owner.client, { addresses, classes: [MODEL] }))
}

/** The types as SCHEMAS writes them, kept apart from the package that signs in production. */
const types = {
  JobOrder: members(
    'address payer,uint64 nonce,bytes32 modelId,bytes32 specHash,uint8 mode,uint8 replicas,uint96 maxPrice,uint16 auditBps,bytes32 secretHash,uint64 deadline',
  ),
  Receipt: members(
    'bytes32 jobId,uint16 segment,uint32 item,uint32 seq,address payer,address provider,uint32 tokensIn,uint32 tokensOut,bytes32 tokensRoot,bytes32 traceRoot,uint96 amount,bytes32 specHash,bool last',
  ),
  Verdict: members('bytes32 receiptHash,address verifier,uint8 outcome,bytes32 leavesRoot'),
  Match: members(
    'bytes32 jobId,uint32 attempt,uint64 epoch,uint32 turn,address seat,bytes32 bidsRoot,uint16 bids',
  ),
  BidAck: members('bytes32 jobId,uint32 attempt,address seat,bytes32 commit'),
  Ruling: members('bytes32 disputeId,address referee,uint8 outcome,bytes32 refereeRoot'),
}

function members(list: string): { type: string; name: string }[] {
  return list.split(',').map((member) => {
    const [type = '', name = ''] = member.split(' ')
    return { type, name }
  })
}

type Primary = keyof typeof types

function typed({ addresses }: Court, primaryType: Primary, message: object): TypedDataDefinition {
  const domain = {
    name: 'DuckMesh',
    version: '1',
    chainId: anvilChain.id,
    verifyingContract: addresses.registry,
  }
  return { domain, types, primaryType, message: { ...message } }
}

export const digestOf = (court: Court, type: Primary, message: object): Hex =>
  hashTypedData(typed(court, type, message))

export const sign = (court: Court, by: Party, type: Primary, message: object): Promise<Hex> =>
  by.account.signTypedData(typed(court, type, message))

export function orderOf({ client }: Court, nonce: bigint): JobOrder {
  return {
    payer: client.address,
    nonce,
    modelId: MODEL,
    specHash: keccak256(toHex('spec')),
    mode: 1,
    replicas: 1,
    maxPrice: 2n * DUCK,
    auditBps: 500,
    secretHash: keccak256(toHex('secret')),
    deadline: 2_000_000_000n,
  }
}

/** A receipt of the first peer for the order with this nonce. */
export function receiptOf(court: Court, nonce: bigint): Receipt {
  const [accused] = court.peers as [Peer]
  return {
    jobId: digestOf(court, 'JobOrder', orderOf(court, nonce)),
    segment: 0,
    item: 0,
    seq: 0,
    payer: court.client.address,
    provider: accused.owner.address,
    tokensIn: 100,
    tokensOut: 64,
    tokensRoot: keccak256(toHex('tokens')),
    traceRoot: keccak256(toHex('trace')),
    amount: 2n * DUCK,
    specHash: keccak256(toHex('spec')),
    last: true,
  }
}
