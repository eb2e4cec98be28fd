/** A random file, everybody who serves it, and fetchers as processes of their own. */
import { createHash, randomFillSync } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../processes/child.ts'
import type { Usage } from '../fetch/answer-usage.ts'
import type { FetchTold } from './fetch-told.ts'
import { HOLDERS } from './sides.ts'
import type { Side } from './sides.ts'

const START_TIMEOUT_MS = 120_000
const ASK_TIMEOUT_MS = 10_000

/** Longest download, ms: what takes longer has failed. */
export const FETCH_TIMEOUT_MS = 60_000

/** Who serves the file by one protocol. */
export interface Holders {
  readonly children: Child[]
  readonly addresses: string[]
}

export interface StageInit {
  folder: string
  bytes: number
  /** Folder of `installHelia`. */
  helia: string
  /** `liar`: the last holder of each protocol sends garbage; it is the one that Helia asks first. */
  last: 'honest' | 'liar'
}

export class Stage {
  readonly bytes: number
  readonly #init: StageInit
  readonly #sha256: string
  readonly #modelId: string
  readonly #all: Child[] = []
  readonly #holders: Record<Side['protocol'], Holders> = {
    http: { children: [], addresses: [] },
    own: { children: [], addresses: [] },
    helia: { children: [], addresses: [] },
  }
  #root = ''

  private constructor(init: StageInit, sha256: string, modelId: string) {
    this.#init = init
    this.bytes = init.bytes
    this.#sha256 = sha256
    this.#modelId = modelId
  }

  static async start(init: StageInit): Promise<Stage> {
    const content = randomFillSync(new Uint8Array(init.bytes))
    const sha256 = createHash('sha256').update(content).digest('hex')
    const files = [{ path: 'model.onnx', size: init.bytes, sha256 }]
    const manifest = JSON.stringify({ name: 'random', files })
    const modelId = `0x${createHash('sha256').update(manifest).digest('hex')}`
    await mkdir(join(init.folder, 'to'), { recursive: true })
    await writeFile(join(init.folder, 'blob'), content)
    await writeFile(join(init.folder, 'manifest.json'), manifest)
    const stage = new Stage(init, sha256, modelId)
    try {
      await stage.#startHolders()
      return stage
    } catch (error) {
      await stage.stop()
      throw error
    }
  }

  holders({ protocol }: Pick<Side, 'protocol'>): Holders {
    return this.#holders[protocol]
  }

  /** Starts a fetcher; it tells `half` and `done`. */
  fetcher(side: Side): Child {
    const { folder } = this.#init
    const addresses = this.#holders[side.protocol].addresses.slice(0, side.holders)
    const size = `${this.bytes}`
    switch (side.protocol) {
      case 'http':
        return this.#spawn('./http-fetcher-process.ts', [
          ...[join(folder, 'to', 'http'), this.#sha256, size],
          ...addresses,
        ])
      case 'own':
        return this.#spawn('./own-fetcher-process.ts', [
          ...[folder, this.#modelId, size],
          ...addresses,
        ])
      case 'helia':
        return this.#spawn('./helia-fetcher-process.ts', [
          ...[this.#init.helia, join(folder, 'to'), this.#root, this.#sha256, size, side.how],
          ...addresses,
        ])
    }
  }

  /** One download to its end. Rejects with CHILD_FAILED. */
  async fetch(side: Side): Promise<FetchTold> {
    return this.finished(this.fetcher(side))
  }

  async finished(fetcher: Child): Promise<FetchTold> {
    try {
      return (await fetcher.event('done', FETCH_TIMEOUT_MS)) as unknown as FetchTold
    } finally {
      await fetcher.stop()
    }
  }

  /** What each holder of a protocol has used and sent so far; undefined for those that are gone. */
  async usage({ protocol }: Pick<Side, 'protocol'>): Promise<(Usage | undefined)[]> {
    const { children } = this.#holders[protocol]
    const ask = async (child: Child): Promise<Usage | undefined> =>
      child.gone ? undefined : child.ask<Usage>('usage', {}, ASK_TIMEOUT_MS)
    return Promise.all(children.map(ask))
  }

  /** Removes what was fetched. */
  async clear(): Promise<void> {
    await rm(join(this.#init.folder, 'to'), { recursive: true, force: true })
    await mkdir(join(this.#init.folder, 'to'))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((child) => child.stop()))
  }

  /** One after the other: Helia's holders each write the whole file as blocks first. */
  async #startHolders(): Promise<void> {
    const { folder, helia, last } = this.#init
    const [blob, manifest] = [join(folder, 'blob'), join(folder, 'manifest.json')]
    await this.#hold('http', '../fetch/holder-process.ts', ['http', blob, manifest])
    for (let i = 0; i < HOLDERS; i++) {
      const role = i === HOLDERS - 1 ? last : 'honest'
      const own = role === 'liar' ? 'liar' : 'peer'
      await this.#hold('own', '../fetch/holder-process.ts', [own, blob, manifest])
      const blocks = join(folder, `blocks-${i}`)
      const ready = [helia, blocks, blob, role]
      await this.#hold('helia', './helia-holder-process.ts', ready)
    }
  }

  async #hold(protocol: Side['protocol'], file: string, args: readonly string[]): Promise<void> {
    const child = this.#spawn(file, args)
    const told = await child.event('ready', START_TIMEOUT_MS)
    const { address, port, root } = told
    this.#holders[protocol].children.push(child)
    const url = `http://127.0.0.1:${String(port)}/`
    this.#holders[protocol].addresses.push(port === undefined ? String(address) : url)
    if (typeof root === 'string') this.#root = root
  }

  #spawn(file: string, args: readonly string[]): Child {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
    const child = new Child({
      name: path,
      command: process.execPath,
      args: [...flags, path, ...args],
    })
    this.#all.push(child)
    return child
  }
}
