/**
 * A whole local network: chain, contracts, seed peer, providers and a client, each in a process of its own.
 * `stop` ends all of them in order; when the launcher dies they end by themselves.
 */
import { rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { NetworkConfig } from '@duckmesh/sdk'
import { preparePeerKey, writeNetworkFile } from '@duckmesh/node'
import type { HDAccount } from 'viem/accounts'
import { ACCOUNT_INDEX, account, gatewayAccount, privateKeyOf } from './chain/accounts.ts'
import { providerAccounts } from './chain/accounts.ts'
import { GENESIS_AGO_S, NetworkFunder } from './chain/network-funder.ts'
import type { ProviderSeat } from './chain/network-funder.ts'
import { startAnvil } from './chain/start-anvil.ts'
import type { LocalChain } from './chain/start-anvil.ts'
import { makeNetworkFolder, modelsFolder, removeDeadNetworks } from './network-folder.ts'
import type { Child } from './processes/child.ts'
import { ChildGroup } from './processes/child-group.ts'
import type { ChildEvent } from './processes/interface.ts'
import { nodeChild } from './processes/node-child.ts'

/** Longest start of one Node process, ms; a provider packs and tests its model within it. */
const START_TIMEOUT_MS = 60_000

/** Between two looks at a peer that is not ready, ms. */
const LOOK_MS = 100

/** Base prices of local providers, wei per 1 000 tokens (SCHEMAS "Auction"); provider i asks 100 + 5·i %. */
const PRICE_IN: bigint = 250_000_000_000_000_000n
const PRICE_OUT: bigint = 1_000_000_000_000_000_000n

/**
 * How long the first provider gathers the redemptions of all, ms: they are asked at once, but a busy machine may take
 * a second until the last one's stream is open.
 */
const GATHER_MS = 2_000

/** Jobs at once; the small model takes that many on two cores, and one payer may have 16 open. */
const SLOTS = 16

export interface DevnetInit {
  /** Folder in which `.duckmesh/<network>` is made. */
  root: string
  /** Peers that stake, serve and hold seats; 5 when left out. */
  providers?: number
  /** Ends a start that is under way; what was started is stopped. */
  signal?: AbortSignal
  /** Registered beside the providers, with weight in the election; the caller runs them. */
  strangers?: readonly ProviderSeat[]
  /** Puts something between the processes and the chain, to record or to disturb; resolves to its address. */
  wrapRpc?: (rpcUrl: string) => Promise<string>
  /** Progress for people, one sentence at a time. */
  onProgress?: (text: string) => void
  /** Every event line of every child. */
  onEvent?: (process: string, event: ChildEvent) => void
  /** Every log line of every child. */
  onLog?: (process: string, line: string) => void
}

/** One provider of the network with what is needed to start it again. */
export interface DevnetProvider extends ProviderSeat {
  name: string
  configFile: string
  child: Child
}

/** What `start` has made before there is a client. */
interface DevnetParts {
  folder: string
  group: ChildGroup
  chain: LocalChain
  funder: NetworkFunder
  network: NetworkConfig
  seed: Child
}

export class Devnet {
  readonly folder: string
  readonly chain: LocalChain
  readonly funder: NetworkFunder
  readonly network: NetworkConfig
  readonly seed: Child
  readonly providers: DevnetProvider[] = []
  client: Child
  readonly #init: DevnetInit
  readonly #group: ChildGroup

  private constructor(init: DevnetInit, parts: DevnetParts, client: Child) {
    this.#init = init
    this.#group = parts.group
    this.folder = parts.folder
    this.chain = parts.chain
    this.funder = parts.funder
    this.network = parts.network
    this.seed = parts.seed
    this.client = client
  }

  /**
   * Starts everything. Rejects with ANVIL_MISSING, CHILD_FAILED with what a child said, or what the signal was
   * aborted with; nothing is left running.
   */
  static async start(init: DevnetInit): Promise<Devnet> {
    init.signal?.throwIfAborted()
    await removeDeadNetworks(init.root)
    const folder = await makeNetworkFolder(init.root)
    const group = new ChildGroup()
    const stop = (): void => void group.stop()
    init.signal?.addEventListener('abort', stop, { once: true })
    try {
      return await Devnet.#start(init, folder, group)
    } catch (error) {
      await group.stop()
      await rm(folder, { recursive: true, force: true })
      init.signal?.throwIfAborted()
      throw error
    } finally {
      init.signal?.removeEventListener('abort', stop)
    }
  }

  static async #start(init: DevnetInit, folder: string, group: ChildGroup): Promise<Devnet> {
    const progress = init.onProgress ?? ((): void => undefined)
    progress('Starting a chain of its own')
    const chain = await startAnvil(group, GENESIS_AGO_S, (line) => init.onLog?.('anvil', line))
    const seed = spawnNode(init, group, 'seed', seedCommand(folder))
    progress('Deploying DUCK, the registry and the job market')
    const funder = new NetworkFunder(chain)
    const addresses = await funder.deploy()
    const { addresses: seeds } = await seed.event('ready', START_TIMEOUT_MS)
    const { chainId } = chain
    const rpcUrl = (await init.wrapRpc?.(chain.rpcUrl)) ?? chain.rpcUrl
    const network = {
      chainId,
      rpcUrl,
      ...addresses,
      seeds: [String((seeds as string[])[0])],
      local: true,
    }
    // It needs no funds to start, and starting takes longest.
    const parts = { folder, group, chain, funder, network, seed }
    const devnet = new Devnet(init, parts, await spawnClient(init, parts))
    progress('Staking providers and funding clients')
    await devnet.#addProviders(init.providers ?? DEFAULT_PROVIDERS)
    progress('Joining with a client')
    await devnet.client.event('ready', START_TIMEOUT_MS)
    progress('Waiting until every peer knows the others')
    await devnet.#formed()
    const chat = account(ACCOUNT_INDEX.chat)
    const dataDir = join(folder, 'chat')
    await writeNetworkFile(folder, {
      network,
      account: { privateKey: privateKeyOf(chat), dataDir },
      gateways: devnet.gateways,
      pid: process.pid,
    })
    return devnet
  }

  get provider(): DevnetProvider {
    const [first] = this.providers
    if (first === undefined) throw new TypeError('The network has no provider.')
    return first
  }

  /** Where the peers' HTTP gateways listen. */
  get gateways(): string[] {
    return this.providers.flatMap(({ child }) => {
      const url = child.lastReady?.['gateway']
      return typeof url === 'string' ? [url] : []
    })
  }

  /** Starts a provider's process again, after it ended or was killed. */
  async restartProvider(provider: DevnetProvider): Promise<void> {
    await provider.child.stop()
    provider.child = spawnNode(
      this.#init,
      this.#group,
      provider.name,
      peerCommand(provider.configFile),
    )
    await provider.child.event('ready', START_TIMEOUT_MS)
  }

  /** Registers and starts one more. Its stake is young: it serves, but no election counts it for an epoch. */
  async addProvider(): Promise<DevnetProvider> {
    const n = this.providers.length
    const seat = await this.#seatOf(n)
    await this.funder.registerProvider(seat)
    const provider = await this.#spawnProvider(seat, n)
    await this.funder.allotTo(account(ACCOUNT_INDEX.client), seat)
    await provider.child.event('ready', START_TIMEOUT_MS)
    return provider
  }

  /** Starts the client's process again, with the data it left. */
  async restartClient(): Promise<void> {
    await this.client.stop()
    this.client = spawnNode(this.#init, this.#group, 'client', clientCommand(this.folder))
    await this.client.event('ready', START_TIMEOUT_MS)
  }

  /** Folder in which the client keeps its channels and jobs. */
  get clientData(): string {
    return join(this.folder, CLIENT_DATA)
  }

  /** Ends every process, the chain last, and removes the folder. */
  async stop(): Promise<void> {
    await this.#group.stop()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  /** Every process with its name, for listings and for watching. */
  get children(): Child[] {
    return [this.chain.child, this.seed, ...this.providers.map(({ child }) => child), this.client]
  }

  /** Registers all of them before the chain's clock is set right, so that all have weight in the first election. */
  async #addProviders(count: number): Promise<void> {
    const seats = await Promise.all(Array.from({ length: count }, (_, n) => this.#seatOf(n)))
    // One after another: all write the network's one trace of stake, so gas estimated side by side would be too low.
    for (const seat of [...seats, ...(this.#init.strangers ?? [])]) {
      await this.funder.registerProvider(seat)
    }
    await this.funder.setClock()
    for (const [n, seat] of seats.entries()) await this.#spawnProvider(seat, n)
    const payers: HDAccount[] = [
      account(ACCOUNT_INDEX.client),
      account(ACCOUNT_INDEX.chat),
      ...seats.map((_, n) => gatewayAccount(n)),
    ]
    await Promise.all(payers.map((payer) => this.funder.fundPayer(payer, this.providers)))
    await Promise.all(this.providers.map(({ child }) => child.event('ready', START_TIMEOUT_MS)))
  }

  async #spawnProvider(seat: ProviderSeat, n: number): Promise<DevnetProvider> {
    const name = nameOf(n)
    const configFile = await this.#writePeerConfig(name, seat, n)
    const child = spawnNode(this.#init, this.#group, name, peerCommand(configFile))
    const provider = { ...seat, name, configFile, child }
    this.providers.push(provider)
    return provider
  }

  /** Until each peer has the offers of all, so that a seat invites everybody; rejects with CHILD_FAILED after a while. */
  async #formed(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS
    for (const { child } of this.providers) {
      for (;;) {
        const { knownOffers } = await child.ask<{ knownOffers: number }>('status', {}, 10_000)
        if (knownOffers >= this.providers.length) break
        if (Date.now() > deadline) throw child.failure(`knows ${knownOffers} offers only`)
        await pause(LOOK_MS)
      }
    }
  }

  async #seatOf(n: number): Promise<ProviderSeat> {
    return { ...providerAccounts(n), peerKey: await preparePeerKey(join(this.folder, nameOf(n))) }
  }

  async #writePeerConfig(name: string, seat: ProviderSeat, n: number): Promise<string> {
    const { chainId, market, registry, rpcUrl, seeds, token } = this.network
    const { priceIn, priceOut } = pricesOf(n)
    return writeJson(join(this.folder, `${name}.json`), {
      network: { chainId, rpc: rpcUrl, registry, market, token, local: true },
      seeds,
      listen: { tcp: 0, ws: 0 },
      dataDir: join(this.folder, name),
      keys: { privateKey: privateKeyOf(seat.operator) },
      gateway: { port: 0, privateKey: privateKeyOf(gatewayAccount(n)) },
      provider: {
        owner: seat.owner.address,
        priceIn: `${priceIn}`,
        priceOut: `${priceOut}`,
        slots: SLOTS,
        modelsDir: modelsFolder(this.#init.root),
      },
      ...redemptionsOf(n, this.#init.providers ?? DEFAULT_PROVIDERS),
      log: { level: 'info', json: true },
    })
  }
}

/** Providers of a network that is not told how many. */
const DEFAULT_PROVIDERS = 5

/** Of several providers the first one relays the redemptions of all, for nothing. */
function redemptionsOf(n: number, providers: number): object {
  if (providers < 2) return {}
  if (n === 0) return { relay: { enabled: true, feeBps: 0, gatherMs: GATHER_MS } }
  return { redeem: { relay: providerAccounts(0).owner.address } }
}

function pricesOf(n: number): { priceIn: bigint; priceOut: bigint } {
  const percent = BigInt(100 + 5 * n)
  return { priceIn: (PRICE_IN * percent) / 100n, priceOut: (PRICE_OUT * percent) / 100n }
}

function nameOf(n: number): string {
  return `provider-${n}`
}

const CLIENT_DATA = 'client'

async function spawnClient(
  init: DevnetInit,
  { folder, group, network }: DevnetParts,
): Promise<Child> {
  await writeJson(clientFile(folder), {
    network,
    privateKey: privateKeyOf(account(ACCOUNT_INDEX.client)),
    dataDir: join(folder, CLIENT_DATA),
  })
  return spawnNode(init, group, 'client', clientCommand(folder))
}

function clientFile(folder: string): string {
  return join(folder, 'client.json')
}

function clientCommand(folder: string): string[] {
  return [fileOf('./processes/client-process.ts'), clientFile(folder)]
}

async function writeJson(path: string, content: object): Promise<string> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  return path
}

function spawnNode(
  init: DevnetInit,
  group: ChildGroup,
  name: string,
  args: readonly string[],
): Child {
  return group.spawn({
    ...nodeChild(init.root, args),
    name,
    onLog: (line) => init.onLog?.(name, line),
    onEvent: (event) => init.onEvent?.(name, event),
  })
}

function fileOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

function seedCommand(folder: string): string[] {
  const main = join(packageFolder('@duckmesh/bootstrap'), 'bin', 'bootnode.js')
  return [main, '--local', '--port', '0', '--ws-port', '0', '--data-dir', join(folder, 'seed')]
}

function peerCommand(configFile: string): string[] {
  return [
    join(packageFolder('@duckmesh/node'), 'bin', 'duckmesh.js'),
    '--json',
    'up',
    '--config',
    configFile,
  ]
}

function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}
