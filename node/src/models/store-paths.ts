/** Where everything lies in the folder of a model store (docs/models.md). */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import { writeDurable } from './durable-file.ts'

/** Raised when an older program could not use the folder any more. */
const LAYOUT_VERSION = 1

const FOLDERS = ['blobs', 'locks', 'manifests', 'partial', 'pins', 'views'] as const

export class StorePaths {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /** Makes the folders. Rejects with CONFIG_INVALID, VERSION_UNSUPPORTED. */
  static async make(root: string): Promise<StorePaths> {
    const paths = new StorePaths(root)
    try {
      for (const name of FOLDERS) await mkdir(join(root, name), { recursive: true, mode: 0o700 })
      await paths.#checkVersion()
      return paths
    } catch (cause) {
      if (cause instanceof DuckMeshError) throw cause
      const what = `The model store ${root} cannot be made or read.`
      throw new DuckMeshError('CONFIG_INVALID', what, { cause, details: { path: root } })
    }
  }

  folder(name: (typeof FOLDERS)[number]): string {
    return join(this.root, name)
  }

  blob(sha256: string): string {
    return join(this.root, 'blobs', sha256.slice(0, 2), sha256)
  }

  partial(sha256: string): string {
    return join(this.root, 'partial', sha256)
  }

  manifest(cid: string): string {
    return join(this.root, 'manifests', `${cid}.json`)
  }

  pin(cid: string): string {
    return join(this.root, 'pins', cid)
  }

  view(cid: string): string {
    return join(this.root, 'views', cid)
  }

  /** Whoever changes manifests, or takes or removes another lock, has this one for that moment. */
  get changeLock(): string {
    return join(this.root, 'locks', 'change')
  }

  /** Whoever has it builds models in `packing`. */
  get packLock(): string {
    return join(this.root, 'locks', 'packing')
  }

  get packing(): string {
    return join(this.root, 'packing')
  }

  /** Shared by all engines that have the model open. */
  modelLock(cid: string): string {
    return join(this.root, 'locks', `model-${cid}`)
  }

  /** Of the one writer of a blob. */
  blobLock(sha256: string): string {
    return join(this.root, 'locks', `blob-${sha256}`)
  }

  get settings(): string {
    return join(this.root, 'settings.json')
  }

  async #checkVersion(): Promise<void> {
    const file = join(this.root, 'version')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) return writeDurable(file, `${LAYOUT_VERSION}\n`)
    if (Number(text) === LAYOUT_VERSION) return
    const what = `The model store ${this.root} has the layout "${text.trim().slice(0, 20)}".`
    throw new DuckMeshError('VERSION_UNSUPPORTED', what, { details: { newest: LAYOUT_VERSION } })
  }
}
