/** One deployment on a chain of its own, with parties who send transactions and a record of what these cost. */
import { PUBLIC_DURATIONS, approve, mint, waitForSuccess } from '@duckmesh/contracts'
import type { Addresses, DeployParameters, OversightAddresses } from '@duckmesh/contracts'
import type { WriteClient } from '@duckmesh/contracts'
import { deployDuckMesh } from '@duckmesh/contracts/deploy'
import { DuckMeshError } from '@duckmesh/protocols'
import { createPublicClient, createTestClient, createWalletClient, defineChain } from 'viem'
import { http, keccak256, maxUint256, stringToHex } from 'viem'
import type { Address, Chain, Hash, Hex, PublicClient, TransactionReceipt } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { PrivateKeyAccount } from 'viem/accounts'
import { DUCK } from './amounts.ts'
import type { GasOperation } from './interface.ts'
import { transactionFloor } from './transaction-floor.ts'
import { typedData } from './typed-data.ts'
import type { SignedType } from './typed-data.ts'

const POLLING_MS = 10
const FUNDS = 1_000_000n * DUCK

export interface Party {
  account: PrivateKeyAccount
  address: Address
  client: WriteClient
}

/** What to keep of a transaction beside its gas. */
export interface Kept {
  name: string
  goal?: number
  /** signatures that the contracts recover; the sender's own is not one */
  recoveries?: number
  /** vouchers in it, when the figure is that of one */
  vouchers?: number
}

export interface WorldChain {
  rpcUrl: string
  chainId: number
}

export class GasWorld {
  readonly client: PublicClient
  readonly addresses: Addresses
  readonly oversight: OversightAddresses & { governor: Address }
  readonly deployer: Party
  /** What the deployer sent first: the two libraries are its first contracts. */
  readonly firstNonce: number
  readonly operations: GasOperation[] = []
  readonly #chain: Chain
  readonly #label: string

  private constructor(
    fields: Pick<GasWorld, 'client' | 'addresses' | 'oversight' | 'deployer'> & {
      firstNonce: number
      chain: Chain
      label: string
    },
  ) {
    this.client = fields.client
    this.addresses = fields.addresses
    this.oversight = fields.oversight
    this.deployer = fields.deployer
    this.firstNonce = fields.firstNonce
    this.#chain = fields.chain
    this.#label = fields.label
  }

  /** Deploys with the waiting times of a public network; `label` keeps the keys of two deployments apart. */
  static async deploy(
    { chainId, rpcUrl }: WorldChain,
    label: string,
    parameters: Omit<DeployParameters, 'durations'>,
  ): Promise<GasWorld> {
    const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
    const rpcUrls = { default: { http: [rpcUrl] } }
    const chain = defineChain({ id: chainId, name: 'gas', nativeCurrency, rpcUrls })
    const transport = http(rpcUrl)
    const client = createPublicClient({
      chain,
      transport,
      cacheTime: 0,
      pollingInterval: POLLING_MS,
    })
    const deployer = partyOf(chain, `${label} deployer`)
    await giveEther(chain, deployer.address)
    const firstNonce = await client.getTransactionCount({ address: deployer.address })
    const { addresses, oversight } = await deployDuckMesh({
      walletClient: deployer.client,
      publicClient: client,
      parameters: { ...parameters, durations: PUBLIC_DURATIONS },
    })
    if (oversight === undefined) throw new TypeError('No disputes contract was deployed.')
    return new GasWorld({ client, addresses, oversight, deployer, firstNonce, chain, label })
  }

  /** A key of this name; it has nothing. */
  party(name: string): Party {
    return partyOf(this.#chain, `${this.#label} ${name}`)
  }

  /** A party with ether, DUCK, and approvals without end for every contract that takes DUCK. */
  async funded(name: string): Promise<Party> {
    const party = await this.rich(name)
    const { market, registry } = this.addresses
    for (const spender of [market, registry, this.oversight.disputes]) {
      const approval = { addresses: this.addresses, spender, amount: maxUint256 }
      await this.done(approve(party.client, approval))
    }
    return party
  }

  /** A party with ether and DUCK that approved nobody. */
  async rich(name: string): Promise<Party> {
    const party = this.party(name)
    await giveEther(this.#chain, party.address)
    const { addresses, deployer } = this
    await this.done(mint(deployer.client, { addresses, to: party.address, amount: FUNDS }))
    return party
  }

  async done(hash: Promise<Hash>): Promise<TransactionReceipt> {
    return waitForSuccess(this.client, { hash: await hash })
  }

  /** Waits for the transaction and keeps what it cost. */
  async measure(kept: Kept, hash: Promise<Hash>): Promise<TransactionReceipt> {
    const receipt = await this.done(hash)
    const { goal = null, name, recoveries = 0, vouchers = 1 } = kept
    const floor = await transactionFloor(this.client, receipt, recoveries)
    const gas = Math.round(Number(receipt.gasUsed) / vouchers)
    this.operations.push({ name, gas, goal, floor: Math.round(floor / vouchers) })
    return receipt
  }

  /** Chain time, unix seconds. */
  async now(): Promise<bigint> {
    return (await this.client.getBlock()).timestamp
  }

  /** Lets the chain's time reach `time`, unix seconds. */
  async reach(time: number | bigint): Promise<void> {
    const missing = Number(BigInt(time) - (await this.now()))
    if (missing <= 0) return
    const test = testClient(this.#chain)
    await test.increaseTime({ seconds: missing })
    await test.mine({ blocks: 1 })
  }

  /**
   * Begins another second of the chain. What stake was is kept two to a slot, and only once a second: so figures of
   * stake depend on how many seconds before had a change.
   */
  async nextSecond(): Promise<void> {
    await this.reach((await this.now()) + 1n)
  }

  /** Ten minutes into the epoch after the next, so that stake of now weighs. */
  async passEpochs(): Promise<void> {
    const { epoch } = PUBLIC_DURATIONS
    const now = await this.now()
    await this.reach((now / epoch + 2n) * epoch + 600n)
  }

  get chainId(): number {
    return this.#chain.id
  }

  /** Signs one of the network's structs, 65 bytes. */
  sign(by: Party, type: SignedType, message: object): Promise<Hex> {
    return by.account.signTypedData(
      typedData(this.#chain.id, this.addresses.registry, type, message),
    )
  }
}

function partyOf(chain: Chain, name: string): Party {
  const account = privateKeyToAccount(keccak256(stringToHex(name)))
  const transport = http(chain.rpcUrls.default.http[0])
  const client = createWalletClient({ account, chain, transport, pollingInterval: POLLING_MS })
  return { account, address: account.address, client }
}

function testClient(chain: Chain): ReturnType<typeof createTestClient> {
  const url = chain.rpcUrls.default.http[0]
  if (url === undefined) throw new DuckMeshError('CHAIN_UNREACHABLE', 'The chain has no address.')
  return createTestClient({ chain, mode: 'anvil', transport: http(url) })
}

async function giveEther(chain: Chain, address: Address): Promise<void> {
  await testClient(chain).setBalance({ address, value: 1_000n * DUCK })
}
