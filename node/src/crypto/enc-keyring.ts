import { randomBytes } from 'node:crypto'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Unsealer } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { z } from 'zod'
import { readPrivateFile, writePrivateFile } from '../storage/private-file.ts'
import { bytesOf, hexOf } from './hex.ts'
import { hpkeOpen, importHpkeKey } from './hpke.ts'
import type { HpkeKeyPair, Sealed } from './hpke.ts'

/** One key as stored; `createdAtMs` since 1970. */
interface StoredKey {
  key: Uint8Array
  createdAtMs: number
}

interface HeldKey extends StoredKey {
  pair: HpkeKeyPair
}

const storedKey = z.strictObject({
  key: z.string().transform((hex, context) => {
    const bytes = bytesOf(hex as Hex, 32)
    if (bytes !== null) return bytes
    context.addIssue('expected 32 bytes of hex')
    return z.NEVER
  }),
  createdAtMs: z.int().nonnegative(),
})
const keyFile = z.strictObject({ current: storedKey, previous: storedKey.optional() })

/**
 * The `Unsealer` of a node: an X25519 pair that is rotated and outlives a restart.
 *
 * The previous key still opens: a binding that publishes it lives up to 24 h (DESIGN §3), so rotate at most
 * once in that time. Both keys are in one file of mode 0600.
 */
export class EncKeyring implements Unsealer {
  readonly #path: string
  #current: HeldKey
  #previous: HeldKey | undefined

  private constructor(path: string, current: HeldKey, previous?: HeldKey) {
    this.#path = path
    this.#current = current
    this.#previous = previous
  }

  /** Reads the file, or makes the first key and the file. Throws STORE_CORRUPT when the file is not a key file. */
  static async open(path: string, nowMs: number): Promise<EncKeyring> {
    const stored = await readKeyFile(path)
    if (stored === undefined) {
      const fresh = await hold({ key: randomBytes(32), createdAtMs: nowMs })
      await writeKeyFile(path, fresh)
      return new EncKeyring(path, fresh)
    }
    const previous = stored.previous === undefined ? undefined : await hold(stored.previous)
    return new EncKeyring(path, await hold(stored.current), previous)
  }

  /** 32 bytes; changes with `rotate`, and belongs in the next binding. */
  get encKey(): Hex {
    return hexOf(this.#current.pair.rawPublic)
  }

  /** When the current key was made, milliseconds since 1970. */
  get createdAtMs(): number {
    return this.#current.createdAtMs
  }

  /** Makes a new key, keeps the one before it, forgets older ones; resolves when the file is on disk. */
  async rotate(nowMs: number): Promise<Hex> {
    const fresh = await hold({ key: randomBytes(32), createdAtMs: nowMs })
    await writeKeyFile(this.#path, fresh, this.#current)
    this.#previous = this.#current
    this.#current = fresh
    return this.encKey
  }

  /** Rejects with AWARD_INVALID when neither key opens it under this info and aad. */
  async open(info: string, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array> {
    let failure: unknown
    for (const held of [this.#current, this.#previous]) {
      if (held === undefined) continue
      try {
        return await hpkeOpen(held.pair, info, aad, sealed)
      } catch (error) {
        failure = error
      }
    }
    throw new DuckMeshError('AWARD_INVALID', `What was sealed for ${info} does not open here.`, {
      cause: failure,
    })
  }
}

async function hold(stored: StoredKey): Promise<HeldKey> {
  return { ...stored, pair: await importHpkeKey(stored.key) }
}

async function readKeyFile(path: string): Promise<z.output<typeof keyFile> | undefined> {
  const content = await readPrivateFile(path)
  if (content === undefined) return undefined
  try {
    return keyFile.parse(JSON.parse(content.toString('utf8')))
  } catch {
    // No cause: a JSON error quotes the text around it, which is a secret.
    throw new DuckMeshError('STORE_CORRUPT', `The file ${path} is not a key file.`)
  }
}

async function writeKeyFile(path: string, current: StoredKey, previous?: StoredKey): Promise<void> {
  const plain = ({ key, createdAtMs }: StoredKey): object => ({ key: hexOf(key), createdAtMs })
  const file = { current: plain(current), previous: previous && plain(previous) }
  await writePrivateFile(path, `${JSON.stringify(file)}\n`)
}
