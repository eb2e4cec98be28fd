/** The gateway role: a paying light client of this node's own network, behind an HTTP server. */
import { createLightClient } from '@duckmesh/sdk'
import type { LightClient } from '@duckmesh/sdk'
import type { Clock, Logger } from '@duckmesh/protocols'
import { join } from 'node:path'
import { openClient } from '../client/open-client.ts'
import type { Config } from '../config/index.ts'
import { NodeCrypto, OperatorSigner } from '../crypto/index.ts'
import { IdempotencyKeys, createGateway } from '../gateway/index.ts'
import type { Gateway, ReadyCheck } from '../gateway/index.ts'
import { PayingClient } from '../gateway/paying-client.ts'
import type { RecordStore } from '../storage/index.ts'
import { VERSION } from '../version.ts'

export interface GatewayRoleComponents {
  clock: Clock
  logger: Logger
  /** Addresses of this node's host: the client joins there first. */
  addresses: () => string[]
  /** Keeps idempotency keys over a restart. */
  records: Pick<RecordStore, 'get' | 'put'>
  ready: () => Promise<ReadyCheck[]>
  stats: () => Promise<string>
}

export class GatewayRole {
  readonly #components: GatewayRoleComponents
  readonly #config: Config
  readonly #client: PayingClient
  #gateway: Gateway | undefined

  constructor(components: GatewayRoleComponents, config: Config) {
    const { keystore, privateKey } = config.gateway
    this.#components = components
    this.#config = config
    this.#client = new PayingClient({
      open: (signal) => this.#open(signal),
      canPay: keystore !== undefined || privateKey !== undefined,
    })
  }

  /** Where it listens; empty before `start`. */
  get url(): string {
    return this.#gateway?.url ?? ''
  }

  /** Rejects with CONFIG_INVALID or PORT_IN_USE. */
  async start(): Promise<void> {
    const keys = new IdempotencyKeys(this.#components)
    const components = { ...this.#components, client: this.#client, keys, version: VERSION }
    this.#gateway = await createGateway(components, this.#config.gateway)
  }

  /** Takes no new request, ends what runs and waits for the answers to be sent. */
  async stop(): Promise<void> {
    const closed = this.#gateway?.stop()
    await this.#client.stop()
    await closed
  }

  #open(signal: AbortSignal): Promise<LightClient> {
    const { addresses, logger } = this.#components
    const { dataDir, gateway, network, seeds } = this.#config
    const { keystore, passwordFile, privateKey } = gateway
    const { rpc: rpcUrl, ...chain } = network
    const shared = {
      network: { ...chain, rpcUrl, seeds: [...addresses(), ...seeds] },
      logger,
      signal,
    }
    if (keystore === undefined && privateKey === undefined) return listingClient(shared)
    const account = { keystore, passwordFile, privateKey, dataDir: join(dataDir, 'gateway') }
    return openClient({ ...shared, ...account })
  }
}

/** A client that can only look: its account is made up and owns nothing. */
function listingClient(
  init: Omit<Parameters<typeof createLightClient>[0], 'account'>,
): Promise<LightClient> {
  const crypto = new NodeCrypto()
  return createLightClient({ ...init, account: new OperatorSigner(crypto.bytes(32)), crypto })
}
