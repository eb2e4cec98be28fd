/** Deploys the contracts on a local chain and gives every role what it needs to start. */
import {
  LOCAL_DURATIONS,
  PARAMETERS,
  allot,
  allotService,
  approve,
  deposit,
  mint,
  registerProvider,
  waitForSuccess,
} from '@duckmesh/contracts'
import type { Addresses, WriteClient } from '@duckmesh/contracts'
import { deployDuckMesh } from '@duckmesh/contracts/deploy'
import { createPublicClient, createTestClient, createWalletClient, defineChain, http } from 'viem'
import type { Hex, PublicClient } from 'viem'
import type { HDAccount } from 'viem/accounts'
import { account, ACCOUNT_INDEX } from './accounts.ts'
import type { LocalChain } from './start-anvil.ts'

const DUCK: bigint = 10n ** 18n
/** Ten times the minimum. */
export const STAKE: bigint = 10_000n * DUCK
/** What each payer gets, and how much of it goes to each provider's channel. */
const PAYER_FUNDS: bigint = 1_000n * DUCK
export const ALLOTMENT: bigint = 50n * DUCK
/** For seats and verifiers. */
const SERVICE_ALLOTMENT: bigint = 50n * DUCK

/** How far in the past a local chain begins, s: two epochs and what the deployment takes (SCHEMAS "Durations"). */
export const GENESIS_AGO_S: number = 2 * Number(LOCAL_DURATIONS.epoch) + 20

/** A provider to register: its accounts and the Ed25519 key of its peer. */
export interface ProviderSeat {
  owner: HDAccount
  operator: HDAccount
  peerKey: Hex
}

export class NetworkFunder {
  readonly publicClient: PublicClient
  readonly #chain: LocalChain
  #addresses: Addresses | null = null
  /** The deployer's transactions one after another: two at a time would take one nonce. */
  #minting: Promise<unknown> = Promise.resolve()

  constructor(chain: LocalChain) {
    this.#chain = chain
    this.publicClient = createPublicClient({
      transport: http(chain.rpcUrl),
      cacheTime: 0,
      pollingInterval: 20,
    })
  }

  get addresses(): Addresses {
    if (this.#addresses === null) throw new TypeError('The contracts are not deployed yet.')
    return this.#addresses
  }

  /** A client that sends as this account. */
  walletOf(sender: HDAccount): WriteClient {
    const { chainId, rpcUrl } = this.#chain
    const chain = defineChain({
      id: chainId,
      name: 'duckmesh local',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    })
    return createWalletClient({
      account: sender,
      chain,
      transport: http(rpcUrl),
      pollingInterval: 20,
    })
  }

  async deploy(): Promise<Addresses> {
    const walletClient = this.walletOf(account(ACCOUNT_INDEX.deployer))
    const { addresses } = await deployDuckMesh({
      walletClient,
      publicClient: this.publicClient,
      parameters: PARAMETERS.local,
    })
    this.#addresses = addresses
    return addresses
  }

  /** Mints, stakes and registers a provider. */
  async registerProvider(seat: ProviderSeat): Promise<void> {
    const { addresses } = this
    const owner = this.walletOf(seat.owner)
    await this.#mint(seat.owner.address, STAKE)
    await this.#done(approve(owner, { addresses, spender: addresses.registry, amount: STAKE }))
    const { operator, peerKey } = seat
    const fields = { addresses, operator: operator.address, peerKey, stake: STAKE }
    await this.#done(registerProvider(owner, fields))
  }

  /** Mints and deposits a payer's funds and allots a part to each provider. */
  async fundPayer(payer: HDAccount, providers: readonly ProviderSeat[]): Promise<void> {
    const { addresses } = this
    await this.depositFor(payer, PAYER_FUNDS)
    for (const provider of providers) await this.allotTo(payer, provider)
    await this.#done(allotService(this.walletOf(payer), { addresses, amount: SERVICE_ALLOTMENT }))
  }

  /** Mints and deposits, wei. */
  async depositFor(payer: HDAccount, amount: bigint): Promise<void> {
    const { addresses } = this
    const wallet = this.walletOf(payer)
    await this.#mint(payer.address, amount)
    await this.#done(approve(wallet, { addresses, spender: addresses.market, amount }))
    await this.#done(deposit(wallet, { addresses, payer: payer.address, amount }))
  }

  /** Sets a part of a payer's deposit aside for one provider. */
  async allotTo(payer: HDAccount, { owner }: Pick<ProviderSeat, 'owner'>): Promise<void> {
    const fields = { addresses: this.addresses, provider: owner.address, amount: ALLOTMENT }
    await this.#done(allot(this.walletOf(payer), fields))
  }

  /** Moves the chain's clock from its past to now: what was staked before has weight in this epoch. */
  async setClock(): Promise<void> {
    const { timestamp } = await this.publicClient.getBlock()
    const behindS = Math.floor(Date.now() / 1_000) - Number(timestamp)
    const test = createTestClient({ mode: 'anvil', transport: http(this.#chain.rpcUrl) })
    if (behindS > 0) await test.increaseTime({ seconds: behindS })
    await test.mine({ blocks: 1 })
  }

  async #mint(to: Hex, amount: bigint): Promise<void> {
    const deployer = this.walletOf(account(ACCOUNT_INDEX.deployer))
    const { addresses } = this
    const minted = this.#minting.then(() => this.#done(mint(deployer, { addresses, to, amount })))
    this.#minting = minted.catch(() => undefined)
    await minted
  }

  async #done(sent: Promise<Hex>): Promise<void> {
    await waitForSuccess(this.publicClient, { hash: await sent })
  }
}
