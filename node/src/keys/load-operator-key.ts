import { readFile } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { bytesOf } from '../crypto/hex.ts'
import { OperatorSigner } from '../crypto/operator-signer.ts'
import { readKeystore } from './keystore.ts'

/** Where the secp256k1 key of this node comes from: a keystore with a password file, or a raw key. */
export interface KeySource {
  keystore?: string | undefined
  passwordFile?: string | undefined
  privateKey?: string | undefined
}

/**
 * The signer of the operator or payer. A raw key is taken on the local network only: it would lie in a shell
 * history or a process list. Rejects with KEY_REFUSED or CONFIG_INVALID.
 */
export async function loadOperatorKey(source: KeySource, local: boolean): Promise<OperatorSigner> {
  if (source.keystore !== undefined && source.privateKey !== undefined) {
    throw invalid('keys.keystore and keys.privateKey are both given; keep one.', 'keys')
  }
  if (source.privateKey !== undefined) return rawKey(source.privateKey, local)
  if (source.keystore === undefined) throw invalid('No key is given.', 'keys.keystore')
  if (source.passwordFile === undefined) {
    throw invalid(`${source.keystore} needs a password.`, 'keys.passwordFile')
  }
  const password = await readPassword(source.passwordFile)
  return new OperatorSigner(await readKeystore(source.keystore, password))
}

function rawKey(text: string, local: boolean): OperatorSigner {
  if (!local) throw new DuckMeshError('KEY_REFUSED', 'A raw private key was given.')
  // The value is never quoted: errors are printed.
  const key = bytesOf((text.startsWith('0x') ? text : `0x${text}`) as Hex, 32)
  if (key === null) throw invalid('keys.privateKey is not 32 bytes of hex.', 'keys.privateKey')
  return new OperatorSigner(key)
}

/** One line break at the end belongs to the editor, not to the password. */
async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    const what = `The password file ${path} cannot be read.`
    throw new DuckMeshError('CONFIG_INVALID', what, {
      cause,
      details: { option: 'keys.passwordFile' },
    })
  }
}

function invalid(what: string, option: string): DuckMeshError {
  return new DuckMeshError('CONFIG_INVALID', what, { details: { option } })
}
