/**
 * A whole local network: chain, contracts, seed peer, providers and a client, each in a process of its own.
 * `stop` ends all of them in order; when the launcher dies they end by themselves.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NetworkConfig } from '@duckmesh/sdk'
import { NETWORKS_FOLDER, preparePeerKey, writeNetworkFile } from '@duckmesh/node'
import type { HDAccount } from 'viem/accounts'
import { ACCOUNT_INDEX, account, privateKeyOf, providerAccounts } from './chain/accounts.ts'
import { NetworkFunder } from './chain/network-funder.ts'
import type { ProviderSeat } from './chain/network-funder.ts'
import { startAnvil } from './chain/start-anvil.ts'
import type { LocalChain } from './chain/start-anvil.ts'
import { Child } from './processes/child.ts'
import type { ChildEvent } from './processes/child.ts'

/** Longest start of one Node process, ms; a provider packs and tests its model within it. */
const START_TIMEOUT_MS = 60_000

/** Base prices of local providers, wei per 1 000 tokens (SCHEMAS "Auction"); provider i asks 100 + 5·i %. */
const PRICE_IN: bigint = 250_000_000_000_000_000n
const PRICE_OUT: bigint = 1_000_000_000_000_000_000n

export interface DevnetInit {
  /** Folder in which `.duckmesh/<network>` is made. */
  root: string
  providers?: number
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

export class Devnet {
  readonly folder: string
  readonly chain: LocalChain
  readonly funder: NetworkFunder
  readonly network: NetworkConfig
  readonly seed: Child
  readonly providers: DevnetProvider[] = []
  client!: Child
  readonly #init: DevnetInit

  private constructor(init: DevnetInit, folder: string, parts: Pick<Devnet, 'chain' | 'funder' | 'network' | 'seed'>) {
    this.#init = init
    this.folder = folder
    this.chain = parts.chain
    this.funder = parts.funder
    this.network = parts.network
    this.seed = parts.seed
  }

  /** Starts everything. Rejects with ANVIL_MISSING, CHILD_FAILED or what a child said; nothing is left running. */
  static async start(init: DevnetInit): Promise<Devnet> {
    const started: Child[] = []
    const folder = await makeFolder(init.root)
    try {
      return await Devnet.#start(init, folder, started)
    } catch (error) {
      await Promise.all(started.map((child) => child.stop()))
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  static async #start(init: DevnetInit, folder: string, started: Child[]): Promise<Devnet> {
    const progress = init.onProgress ?? ((): void => undefined)
    progress('Starting a chain of its own')
    const chain = await startAnvil((line) => init.onLog?.('anvil', line))
    started.push(chain.child)
    const seed = spawnNode(init, 'seed', seedCommand(folder))
    started.push(seed)
    progress('Deploying DUCK, the registry and the job market')
    const funder = new NetworkFunder(chain)
    const addresses = await funder.deploy()
    const { addresses: seeds } = await seed.event('ready', START_TIMEOUT_MS)
    const { chainId, rpcUrl } = chain
    const network = { chainId, rpcUrl, ...addresses, seeds: [String((seeds as string[])[0])], local: true }
    const devnet = new Devnet(init, folder, { chain, funder, network, seed })
    progress('Staking providers and funding clients')
    await devnet.#addProviders(init.providers ?? 1, started)
    progress('Joining with a client')
    devnet.client = await devnet.#startClient(started)
    const chat = account(ACCOUNT_INDEX.chat)
    const dataDir = join(folder, 'chat')
    await writeNetworkFile(folder, { network, account: { privateKey: privateKeyOf(chat), dataDir }, pid: process.pid })
    return devnet
  }

  get provider(): DevnetProvider {
    const [first] = this.providers
    if (first === undefined) throw new TypeError('The network has no provider.')
    return first
  }

  /** Starts a provider's process again, after it ended or was killed. */
  async restartProvider(provider: DevnetProvider): Promise<void> {
    await provider.child.stop()
    provider.child = spawnNode(this.#init, provider.name, peerCommand(provider.configFile))
    await provider.child.event('ready', START_TIMEOUT_MS)
  }

  /** Ends every process, the chain last, and removes the folder. */
  async stop(): Promise<void> {
    await this.client.stop()
    await Promise.all(this.providers.map(({ child }) => child.stop()))
    await this.seed.stop()
    await this.chain.child.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Every process with its name, for listings and for watching. */
  get children(): Child[] {
    return [this.chain.child, this.seed, ...this.providers.map(({ child }) => child), this.client]
  }

  async #addProviders(count: number, started: Child[]): Promise<void> {
    for (let n = 0; n < count; n++) {
      const name = `provider-${n}`
      const dataDir = join(this.folder, name)
      const seat = { ...providerAccounts(n), peerKey: await preparePeerKey(dataDir) }
      await this.funder.registerProvider(seat)
      const configFile = await this.#writePeerConfig(name, dataDir, seat, n)
      const child = spawnNode(this.#init, name, peerCommand(configFile))
      started.push(child)
      this.providers.push({ ...seat, name, configFile, child })
    }
    const payers: HDAccount[] = [account(ACCOUNT_INDEX.client), account(ACCOUNT_INDEX.chat)]
    for (const payer of payers) await this.funder.fundPayer(payer, this.providers)
    await Promise.all(this.providers.map(({ child }) => child.event('ready', START_TIMEOUT_MS)))
  }

  async #writePeerConfig(name: string, dataDir: string, seat: ProviderSeat, n: number): Promise<string> {
    const { chainId, market, registry, rpcUrl, seeds, token } = this.network
    const percent = BigInt(100 + 5 * n)
    return writeJson(join(this.folder, `${name}.json`), {
      network: { chainId, rpc: rpcUrl, registry, market, token, local: true },
      seeds,
      listen: { tcp: 0, ws: 0 },
      dataDir,
      keys: { privateKey: privateKeyOf(seat.operator) },
      provider: {
        owner: seat.owner.address,
        priceIn: `${(PRICE_IN * percent) / 100n}`,
        priceOut: `${(PRICE_OUT * percent) / 100n}`,
        modelsDir: join(this.#init.root, NETWORKS_FOLDER, 'models'),
      },
      log: { level: 'info', json: true },
    })
  }

  async #startClient(started: Child[]): Promise<Child> {
    const file = await writeJson(join(this.folder, 'client.json'), {
      network: this.network,
      privateKey: privateKeyOf(account(ACCOUNT_INDEX.client)),
      dataDir: join(this.folder, 'client'),
    })
    const child = spawnNode(this.#init, 'client', [fileOf('./processes/client-process.ts'), file])
    started.push(child)
    await child.event('ready', START_TIMEOUT_MS)
    return child
  }
}

async function makeFolder(root: string): Promise<string> {
  const parent = join(root, NETWORKS_FOLDER)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  return mkdtemp(join(parent, 'devnet-'))
}

async function writeJson(path: string, content: object): Promise<string> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  return path
}

/** Node flags of every child: sources run as they are. */
const NODE_FLAGS = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']

function spawnNode(init: DevnetInit, name: string, args: readonly string[]): Child {
  return new Child({
    name,
    command: process.execPath,
    args: [...NODE_FLAGS, ...args],
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
  return [join(packageFolder('@duckmesh/node'), 'bin', 'duckmesh.js'), '--json', 'up', '--config', configFile]
}

function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}
