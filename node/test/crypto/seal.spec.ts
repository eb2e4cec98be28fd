import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { EncKeyring } from '../../src/crypto/enc-keyring.ts'
import { hexOf } from '../../src/crypto/hex.ts'
import { hpkeOpen, importHpkeKey } from '../../src/crypto/hpke.ts'
import { NodeCrypto } from '../../src/crypto/node-crypto.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

const crypto = new NodeCrypto()
const INFO = 'duckmesh/1/spec'
const AAD = new Uint8Array(52).fill(3)
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const flip = (input: Uint8Array, at: number): Uint8Array =>
  input.map((byte, i) => (i === at % input.length ? byte ^ 1 : byte))

describe('seal', () => {
  it('opens the vector of RFC 9180 A.1.1 (base mode, first message)', async () => {
    const pair = await importHpkeKey(
      bytes('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
    )
    expect(hexOf(pair.rawPublic)).to.equal(
      '0x3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
    )
    const sealed = {
      enc: bytes('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
      ciphertext: bytes(
        'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
      ),
    }
    const text = await hpkeOpen(pair, 'Ode on a Grecian Urn', bytes('436f756e742d30'), sealed)
    expect(Buffer.from(text).toString()).to.equal('Beauty is truth, truth beauty')
  })

  it('opens to what was sealed, also from views into larger buffers', async () => {
    await withTempDir(async (folder) => {
      const keyring = await EncKeyring.open(join(folder, 'enc.json'), 0)
      const blob = fc.uint8Array({ maxLength: 2000 })
      await fc.assert(
        fc.asyncProperty(blob, blob, async (content, aad) => {
          const view = Uint8Array.of(0, ...content, 0).subarray(1, -1)
          const sealed = await crypto.seal(keyring.encKey, INFO, aad, view)
          expect(hexOf(await keyring.open(INFO, aad, sealed))).to.equal(hexOf(content))
        }),
        { numRuns: 40 },
      )
    })
  })

  it('does not open when ciphertext, key share, aad or info was changed', async () => {
    await withTempDir(async (folder) => {
      const keyring = await EncKeyring.open(join(folder, 'enc.json'), 0)
      const sealed = await crypto.seal(keyring.encKey, INFO, AAD, Uint8Array.of(1, 2, 3))
      for (let i = 0; i < sealed.ciphertext.length; i += 3) {
        const changed = { ...sealed, ciphertext: flip(sealed.ciphertext, i) }
        expect((await rejection(keyring.open(INFO, AAD, changed))).code).to.equal('AWARD_INVALID')
      }
      const attempts = [
        () => keyring.open(INFO, AAD, { ...sealed, enc: flip(sealed.enc, 5) }),
        () => keyring.open(INFO, AAD, { ...sealed, enc: sealed.enc.subarray(1) }),
        () => keyring.open(INFO, AAD, { ...sealed, ciphertext: new Uint8Array() }),
        () => keyring.open(INFO, flip(AAD, 0), sealed),
        () => keyring.open('duckmesh/1/bid', AAD, sealed),
      ]
      for (const attempt of attempts) {
        expect((await rejection(attempt())).code).to.equal('AWARD_INVALID')
      }
      expect(hexOf(await keyring.open(INFO, AAD, sealed))).to.equal('0x010203')
    })
  })

  it('refuses to seal to something that is not a key', async () => {
    const small = hexOf(new Uint8Array(32))
    for (const key of ['0x', '0x1234', small] as const) {
      const error = await rejection(crypto.seal(key, INFO, AAD, new Uint8Array()))
      expect(error.code).to.equal('FIELD_OUT_OF_RANGE')
    }
  })
})

describe('EncKeyring', () => {
  it('opens seals to the key before a rotation, not to the one before that', async () => {
    await withTempDir(async (folder) => {
      const keyring = await EncKeyring.open(join(folder, 'enc.json'), 5)
      const first = keyring.encKey
      const sealed = await crypto.seal(first, INFO, AAD, Uint8Array.of(1))
      expect(await keyring.rotate(6))
        .to.equal(keyring.encKey)
        .and.not.equal(first)
      expect(keyring.createdAtMs).to.equal(6)
      expect(hexOf(await keyring.open(INFO, AAD, sealed))).to.equal('0x01')
      await keyring.rotate(7)
      expect((await rejection(keyring.open(INFO, AAD, sealed))).code).to.equal('AWARD_INVALID')
    })
  })

  it('keeps both keys over a restart, in a file that only the owner may read', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'enc.json')
      const before = await EncKeyring.open(path, 5)
      const old = await crypto.seal(before.encKey, INFO, AAD, Uint8Array.of(1))
      await before.rotate(6)
      const recent = await crypto.seal(before.encKey, INFO, AAD, Uint8Array.of(2))

      const after = await EncKeyring.open(path, 9)
      expect(after.encKey).to.equal(before.encKey)
      expect(after.createdAtMs).to.equal(6)
      expect(hexOf(await after.open(INFO, AAD, old))).to.equal('0x01')
      expect(hexOf(await after.open(INFO, AAD, recent))).to.equal('0x02')
      expect((await stat(path)).mode & 0o777).to.equal(0o600)
    })
  })

  it('refuses a file that others may read, and one that is not a key file, and keeps it', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'enc.json')
      await EncKeyring.open(path, 5)
      await chmod(path, 0o644)
      expect((await rejection(EncKeyring.open(path, 6))).code).to.equal('KEY_REFUSED')

      await writeFile(path, '{"current": "0xsecret')
      await chmod(path, 0o600)
      const error = await rejection(EncKeyring.open(path, 6))
      expect(error.code).to.equal('STORE_CORRUPT')
      expect(error.cause).to.equal(undefined)
      expect(await readFile(path, 'utf8')).to.equal('{"current": "0xsecret')
    })
  })
})
