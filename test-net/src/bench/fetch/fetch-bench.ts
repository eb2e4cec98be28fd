/** Fetching a model from one holder and from three, against a plain HTTP download of the same file, turn and turn about. */
import { createHash, randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FetchClient, pullModel } from '@duckmesh/protocols/fetch'
import type { Hex } from '@duckmesh/protocols'
import { BindingBook, buildHello } from '@duckmesh/protocols/mesh'
import { SdkCrypto, createClientHost, silentLogger, systemClock } from '@duckmesh/sdk'
import type { ClientHost } from '@duckmesh/sdk'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { Child } from '../../processes/child.ts'
import { round } from '../stats.ts'
import { BENCH_NETWORK as network } from './bench-network.ts'
import { FileSink, HashedFile } from './file-sink.ts'
import { sha256 } from './sha256.ts'

const START_TIMEOUT_MS = 60_000
const HOLDERS = 3
const MB = 1e6

/** What one side reached: MB/s of its best turn and of the middle one. */
export interface Throughput {
  best: number
  median: number
  /** CPU-seconds of the downloading process for a GB, in its best turn. */
  cpuPerGb: number
}

export interface FetchReport {
  bytes: number
  rounds: number
  http: Throughput
  one: Throughput
  three: Throughput
  /** Speed over that of plain HTTP in the same round, the middle one of all rounds: other load comes and goes. */
  ratio: { one: number; three: number }
}

interface Turn {
  ms: number
  cpuMs: number
}

/** Downloads a random file of this size `rounds` times by each side. */
export async function benchFetch(
  root: string,
  bytes: number,
  rounds: number,
): Promise<FetchReport> {
  const parent = join(root, '.duckmesh')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'bench-fetch-'))
  try {
    const bench = await FetchBench.start(folder, bytes)
    return await measureAll(bench, bytes, rounds).finally(() => bench.stop())
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureAll(bench: FetchBench, bytes: number, rounds: number): Promise<FetchReport> {
  const turns: Record<'http' | 'one' | 'three', Turn[]> = { http: [], one: [], three: [] }
  // The first round warms caches and connections, and has the holders hash their pieces.
  for (let n = -1; n < rounds; n++) {
    const http = await measured(() => bench.download())
    const one = await measured(() => bench.pull(1))
    const three = await measured(() => bench.pull(HOLDERS))
    if (n < 0) continue
    turns.http.push(http)
    turns.one.push(one)
    turns.three.push(three)
  }
  const of = (side: keyof typeof turns): Throughput => throughput(turns[side], bytes)
  const [http, one, three] = [of('http'), of('one'), of('three')]
  const ratio = { one: paired(turns.http, turns.one), three: paired(turns.http, turns.three) }
  return { bytes, rounds, http, one, three, ratio }
}

function paired(http: readonly Turn[], side: readonly Turn[]): number {
  const ratios = side.map(({ ms }, i) => (http[i]?.ms ?? Number.NaN) / ms)
  ratios.sort((a, b) => a - b)
  return round(ratios[Math.floor(ratios.length / 2)] ?? Number.NaN)
}

async function measured(work: () => Promise<void>): Promise<Turn> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const { system, user } = process.cpuUsage(cpu)
  return { ms: performance.now() - start, cpuMs: (system + user) / 1_000 }
}

function throughput(turns: readonly Turn[], bytes: number): Throughput {
  const sorted = [...turns].sort((a, b) => a.ms - b.ms)
  const best = sorted[0] ?? { ms: Number.NaN, cpuMs: Number.NaN }
  const median = sorted[Math.floor(sorted.length / 2)] ?? best
  const rate = ({ ms }: Turn): number => round(bytes / MB / (ms / 1_000))
  const cpuPerGb = round(best.cpuMs / 1_000 / (bytes / 1e9))
  return { best: rate(best), median: rate(median), cpuPerGb }
}

class FetchBench {
  readonly #children: Child[]
  readonly #host: ClientHost
  readonly #sink: FileSink
  readonly #folder: string
  readonly #blob: string
  readonly #modelId: Hex
  #port = 0
  readonly #peers: PeerId[] = []

  private constructor(
    children: Child[],
    host: ClientHost,
    file: { folder: string; blob: string; modelId: Hex },
  ) {
    this.#children = children
    this.#host = host
    this.#folder = file.folder
    this.#blob = file.blob
    this.#modelId = file.modelId
    this.#sink = new FileSink(join(file.folder, 'to'))
  }

  static async start(folder: string, bytes: number): Promise<FetchBench> {
    await mkdir(join(folder, 'to'))
    const content = randomFillSync(new Uint8Array(bytes))
    const blob = createHash('sha256').update(content).digest('hex')
    const files = [{ path: 'model.onnx', size: bytes, sha256: blob }]
    const manifest = new TextEncoder().encode(JSON.stringify({ name: 'random', files }))
    const modelId: Hex = `0x${createHash('sha256').update(manifest).digest('hex')}`
    const [path, manifestPath] = [join(folder, 'blob'), join(folder, 'manifest.json')]
    await writeFile(path, content)
    await writeFile(manifestPath, manifest)
    const roles = ['http', ...Array.from({ length: HOLDERS }, () => 'peer')]
    const children = roles.map((role, i) => spawn(`${role}-${i}`, [role, path, manifestPath]))
    const privateKey = await generateKeyPair('Ed25519')
    const host = await createClientHost({ privateKey, local: true })
    const bench = new FetchBench(children, host, { folder, blob, modelId })
    try {
      await bench.#connect()
      return bench
    } catch (error) {
      await bench.stop()
      throw error
    }
  }

  /** Plain HTTP into a file, hashed on the way. */
  async download(): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/`)
    const file = await HashedFile.open(join(this.#folder, 'to', 'http'), this.#blob)
    for await (const chunk of response.body ?? []) await file.append(chunk)
    await file.finish()
    await file.close()
    await rm(join(this.#folder, 'to', 'http'))
  }

  /** The same from so many holders, hellos included. */
  async pull(holders: number): Promise<void> {
    const clock = systemClock
    const bindings = new BindingBook({ network, crypto: new SdkCrypto(), clock })
    const hello = (): ReturnType<typeof buildHello> => buildHello(network, {})
    const port = new FetchClient({ bindings, clock, hello, host: this.#host, network })
    const peers = this.#peers.slice(0, holders)
    const search = (): AsyncIterable<PeerId> => eachOf(peers)
    const shared = { clock, logger: silentLogger, port, search, sha256 }
    await pullModel({ ...shared, sink: this.#sink }, { modelId: this.#modelId })
    await port.stop()
    await this.#sink.clear(this.#blob)
  }

  async stop(): Promise<void> {
    await this.#host.stop()
    await Promise.all(this.#children.map((child) => child.stop()))
  }

  async #connect(): Promise<void> {
    for (const child of this.#children) {
      const { address, port } = await child.event('ready', START_TIMEOUT_MS)
      if (port !== undefined) this.#port = Number(port)
      else this.#peers.push((await this.#host.dial(multiaddr(String(address)))).remotePeer)
    }
  }
}

async function* eachOf(peers: readonly PeerId[]): AsyncGenerator<PeerId> {
  for (const peer of peers) yield await Promise.resolve(peer)
}

function spawn(name: string, args: readonly string[]): Child {
  const file = fileURLToPath(new URL('./holder-process.ts', import.meta.url))
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  return new Child({ name, command: process.execPath, args: [...flags, file, ...args] })
}
