/** Shape of a Web3 Secret Storage (keystore v3) file, as geth, cast and ethers write it. */
import { z } from 'zod'

/** Hex of `min` to `max` bytes, with or without 0x, as bytes. */
function hex(min: number, max: number): z.ZodType<Buffer, string> {
  const digits = new RegExp(`^(?:0x)?(?:[0-9a-f]{2}){${min.toString()},${max.toString()}}$`, 'i')
  return z
    .string()
    .regex(digits, `expected ${min.toString()} to ${max.toString()} bytes of hex`)
    .transform((text) => Buffer.from(text.replace(/^0x/i, ''), 'hex'))
}

/** Bytes the derived key must have: 16 to decrypt with, 16 for the checksum. */
const dklen = z.literal(32)

/** RFC 7914 §6; files with r = 1 and a large n exist, OpenSSL refuses to compute them. */
const withinRfc = ({ n, r }: { n: number; r: number }): boolean => n < 2 ** (16 * r)

const scryptParams = z
  .object({
    dklen,
    // 128·n·r bytes of memory: a file must not be able to ask for more than a gigabyte.
    n: z
      .int()
      .min(2)
      .max(2 ** 20),
    r: z.int().min(1).max(8),
    p: z.int().min(1).max(16),
    salt: hex(1, 1024),
  })
  .refine(
    withinRfc,
    'scrypt with n of 2^(16·r) or more is outside RFC 7914; write the file again with r = 8',
  )

const scrypt = z.object({ kdf: z.literal('scrypt'), kdfparams: scryptParams })

const pbkdf2 = z.object({
  kdf: z.literal('pbkdf2'),
  kdfparams: z.object({
    dklen,
    c: z.int().min(1).max(10_000_000),
    prf: z.literal('hmac-sha256'),
    salt: hex(1, 1024),
  }),
})

const cipher = z.object({
  cipher: z.literal('aes-128-ctr'),
  cipherparams: z.object({ iv: hex(16, 16) }),
  // Early geth left zeros at the start of a key out.
  ciphertext: hex(1, 32),
  mac: hex(32, 32),
})

const sealedKey = z.intersection(cipher, z.discriminatedUnion('kdf', [scrypt, pbkdf2]))

/** What protects the key inside a file. */
export type SealedKey = z.output<typeof sealedKey>

/** Members that are not needed (id, address) are not looked at. */
export const keystoreFile: z.ZodType<{ sealed: SealedKey }> = z.preprocess(
  // ethers 6 writes `Crypto`, everybody else `crypto`.
  (file) =>
    isRecord(file) ? { version: file['version'], sealed: file['crypto'] ?? file['Crypto'] } : file,
  z.object({ version: z.literal(3), sealed: sealedKey }),
)

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
