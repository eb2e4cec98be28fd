import { chmod, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { KeyLock } from './key-lock.ts'
import { writePrivateFile } from './private-file.ts'

/** Layout of the folder; raised when an older program could not use it any more. */
const LAYOUT_VERSION = 1

/** The folder of one node: keys, database, peer store. Mode 0700. */
export class DataDir {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /**
   * Makes the folder when it is missing and checks its version. Rejects with CONFIG_INVALID when it cannot be
   * used, VERSION_UNSUPPORTED when a later version made it, STORE_CORRUPT when its version file is damaged.
   */
  static async open(path: string): Promise<DataDir> {
    const dir = new DataDir(path)
    try {
      await mkdir(join(path, 'locks'), { recursive: true, mode: 0o700 })
      await chmod(path, 0o700)
    } catch (cause) {
      const what = `The data folder ${path} cannot be made.`
      throw new DuckMeshError('CONFIG_INVALID', what, { cause, details: { path } })
    }
    await dir.#checkVersion()
    return dir
  }

  /** libp2p Ed25519 key. */
  get peerKeyFile(): string {
    return join(this.path, 'peer.key')
  }

  /** X25519 keys of seals. */
  get encKeyFile(): string {
    return join(this.path, 'enc-keys.json')
  }

  /** Folder of libp2p's datastore. */
  get datastore(): string {
    return join(this.path, 'peers')
  }

  /** Database of a role. */
  storeFile(role: 'provider' | 'client'): string {
    return join(this.path, `${role}.sqlite`)
  }

  /** Takes the lock of an operator's or payer's key; throws STORE_LOCKED when another process has it. */
  lock(key: Hex, nowMs: number): KeyLock {
    return KeyLock.take(join(this.path, 'locks', key.toLowerCase()), nowMs)
  }

  async #checkVersion(): Promise<void> {
    const file = join(this.path, 'version')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) {
      await writePrivateFile(file, `${LAYOUT_VERSION.toString()}\n`)
      return
    }
    const version = Number(text)
    if (!Number.isSafeInteger(version) || version < 1) {
      throw new DuckMeshError('STORE_CORRUPT', `${file} holds no version.`, { details: { file } })
    }
    if (version > LAYOUT_VERSION) {
      const what = `The data folder ${this.path} was made by a later version.`
      throw new DuckMeshError('VERSION_UNSUPPORTED', what, {
        details: { version, newest: LAYOUT_VERSION },
      })
    }
  }
}
