/** Deploys the contracts on a local chain and gives every role what it needs to start. */
import {
  LOCAL_DURATIONS,
  allot,
  approve,
  deposit,
  mint,
  registerProvider,
  waitForSuccess,
} from '@duckmesh/contracts'
import type { Addresses, WriteClient } from '@duckmesh/contracts'
import { deployDuckMesh } from '@duckmesh/contracts/deploy'
import { createPublicClient, createWalletClient, defineChain, http } from 'viem'
import type { Hex, PublicClient } from 'viem'
import type { HDAccount } from 'viem/accounts'
import { account, ACCOUNT_INDEX } from './accounts.ts'
import type { LocalChain } from './start-anvil.ts'

const DUCK: bigint = 10n ** 18n
/** Ten times the minimum. */
export const STAKE: bigint = 10_000n * DUCK
/** What each payer gets, and how much of it goes to each provider's channel. */
const PAYER_FUNDS: bigint = 1_000n * DUCK
export const ALLOTMENT: bigint = 100n * DUCK

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
    const parameters = { durations: LOCAL_DURATIONS }
    const { addresses } = await deployDuckMesh({
      walletClient,
      publicClient: this.publicClient,
      parameters,
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
    await this.#done(
      registerProvider(owner, { addresses, operator: operator.address, peerKey, stake: STAKE }),
    )
  }

  /** Mints and deposits a payer's funds and allots a part to each provider. */
  async fundPayer(payer: HDAccount, providers: readonly ProviderSeat[]): Promise<void> {
    const { addresses } = this
    const wallet = this.walletOf(payer)
    await this.#mint(payer.address, PAYER_FUNDS)
    await this.#done(approve(wallet, { addresses, spender: addresses.market, amount: PAYER_FUNDS }))
    await this.#done(deposit(wallet, { addresses, payer: payer.address, amount: PAYER_FUNDS }))
    for (const { owner } of providers) {
      await this.#done(allot(wallet, { addresses, provider: owner.address, amount: ALLOTMENT }))
    }
  }

  async #mint(to: Hex, amount: bigint): Promise<void> {
    const deployer = this.walletOf(account(ACCOUNT_INDEX.deployer))
    await this.#done(mint(deployer, { addresses: this.addresses, to, amount }))
  }

  async #done(sent: Promise<Hex>): Promise<void> {
    await waitForSuccess(this.publicClient, { hash: await sent })
  }
}
