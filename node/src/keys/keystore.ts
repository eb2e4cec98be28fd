/**
 * secp256k1 keys in Web3 Secret Storage files, version 3: read with scrypt or pbkdf2, written with scrypt.
 *
 * Written here and not by viem's `ox`, whose defaults (r = 1, p = 8) neither cast nor ethers can open.
 */
import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
  randomUUID,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { promisify } from 'node:util'
import { DuckMeshError } from '@duckmesh/protocols'
import { keccak256 } from 'viem'
import { z } from 'zod'
import { addressOfKey, isPrivateKey } from '../crypto/secp256k1.ts'
import { readPrivateFile, writePrivateFile } from '../storage/private-file.ts'
import { keystoreFile } from './keystore-file.ts'
import type { SealedKey } from './keystore-file.ts'

/** Scrypt cost: 128 MiB and about half a second; geth's and cast's standard is this or twice this. */
const SCRYPT = { n: 2 ** 17, r: 8, p: 1, dklen: 32 } as const
/** Node refuses above 32 MiB unless told; the algorithm needs 128·n·r and a little. */
const MAX_MEMORY_BYTES = 1.25 * 2 ** 30

const deriveScrypt = promisify<Buffer, Buffer, number, object, Buffer>(scrypt)
const derivePbkdf2 = promisify(pbkdf2)

/** Encrypts a 32-byte private key into a file of mode 0600. `cost` is scrypt's n; lower it in tests only. */
export async function writeKeystore(
  path: string,
  privateKey: Uint8Array,
  password: string,
  cost: number = SCRYPT.n,
): Promise<void> {
  if (privateKey.length !== 32 || !isPrivateKey(privateKey)) {
    throw new DuckMeshError('KEY_REFUSED', 'The key is not a secp256k1 private key.')
  }
  const kdfparams = { ...SCRYPT, n: cost, salt: randomBytes(32) }
  const iv = randomBytes(16)
  const derived = await derive({ kdf: 'scrypt', kdfparams }, password)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()])
  const file = {
    version: 3,
    id: randomUUID(),
    address: addressOfKey(privateKey).slice(2),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toString('hex') },
      ciphertext: ciphertext.toString('hex'),
      kdf: 'scrypt',
      kdfparams: { ...kdfparams, salt: kdfparams.salt.toString('hex') },
      mac: macOf(derived, ciphertext).toString('hex'),
    },
  }
  await writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`)
}

/**
 * The private key in a keystore file. Rejects with CONFIG_INVALID when the file is missing, is no keystore or
 * the password is wrong, KEY_REFUSED when others may read the file or it holds no usable key.
 */
export async function readKeystore(path: string, password: string): Promise<Uint8Array> {
  const sealed = await parseFile(path)
  const derived = await derive(sealed, password)
  if (!timingSafeEqual(macOf(derived, sealed.ciphertext), sealed.mac)) {
    throw new DuckMeshError('CONFIG_INVALID', `The password does not open ${path}.`, {
      details: { path },
    })
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), sealed.cipherparams.iv)
  const digits = Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()])
  const key = Buffer.concat([Buffer.alloc(32 - digits.length), digits])
  if (!isPrivateKey(key)) {
    throw new DuckMeshError('KEY_REFUSED', `${path} holds no secp256k1 key.`, { details: { path } })
  }
  return new Uint8Array(key)
}

async function parseFile(path: string): Promise<SealedKey> {
  const content = await readPrivateFile(path)
  const missing = `There is no keystore ${path}.`
  if (content === undefined)
    throw new DuckMeshError('CONFIG_INVALID', missing, { details: { path } })
  try {
    return keystoreFile.parse(JSON.parse(content.toString('utf8'))).sealed
  } catch (cause) {
    const why = cause instanceof z.ZodError ? `:\n${z.prettifyError(cause)}\n` : '.'
    const what = `${path} is not a keystore of version 3${why}`
    throw new DuckMeshError('CONFIG_INVALID', what, { cause, details: { path } })
  }
}

async function derive(
  sealed: Pick<SealedKey, 'kdf' | 'kdfparams'>,
  password: string,
): Promise<Buffer> {
  const { kdfparams } = sealed
  const secret = Buffer.from(password, 'utf8')
  if ('c' in kdfparams) {
    return derivePbkdf2(secret, kdfparams.salt, kdfparams.c, kdfparams.dklen, 'sha256')
  }
  const { n, r, p } = kdfparams
  const options = { N: n, r, p, maxmem: MAX_MEMORY_BYTES }
  return deriveScrypt(secret, kdfparams.salt, kdfparams.dklen, options)
}

/** keccak256(second half of the derived key ‖ ciphertext). */
function macOf(derived: Buffer, ciphertext: Buffer): Buffer {
  return Buffer.from(keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext]), 'bytes'))
}
