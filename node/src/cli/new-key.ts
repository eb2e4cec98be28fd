/** `duckmesh keys new`: makes a secp256k1 key for an operator and keeps it in an encrypted file. */
import { randomBytes } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import { OperatorSigner } from '../crypto/index.ts'
import { writeKeystore } from '../keys/index.ts'
import { printJson, printLine } from './output.ts'

/** A password below this is guessed from a stolen file, whatever the key derivation costs. */
const MIN_PASSWORD_LENGTH = 12

export interface NewKeyOptions {
  passwordFile: string
  json: boolean
}

/**
 * Writes a Web3 Secret Storage file of version 3 and prints the address. Rejects with CONFIG_INVALID when the
 * file exists, or the password cannot be read or is too short.
 */
export async function newKey(path: string, options: NewKeyOptions): Promise<void> {
  const password = await readPassword(options.passwordFile)
  if (await exists(path)) {
    throw new DuckMeshError('CONFIG_INVALID', `${path} exists; a key is never overwritten.`)
  }
  const key = new Uint8Array(randomBytes(32))
  const { address } = new OperatorSigner(key)
  await writeKeystore(path, key, password)
  key.fill(0)
  if (options.json) printJson({ address, keystore: path })
  else printLine(`${address} is in ${path}; it is lost without the file and its password.`)
}

async function readPassword(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DuckMeshError('CONFIG_INVALID', `The password file ${path} cannot be read.`, {
      cause,
    })
  })
  const password = text.replace(/\r?\n$/, '')
  if (password.length >= MIN_PASSWORD_LENGTH) return password
  throw new DuckMeshError(
    'CONFIG_INVALID',
    `The password has fewer than ${MIN_PASSWORD_LENGTH} characters.`,
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
