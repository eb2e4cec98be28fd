import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { readKeystore, writeKeystore } from '../../src/keys/keystore.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

const PASSWORD = 'testpassword'
const SECRET = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
/** Scrypt cost of the files that the tests write. */
const COST = 2 ** 12

/** The two files of the Web3 Secret Storage definition, same secret and password. */
const VECTORS = {
  pbkdf2: {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
      ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
      kdf: 'pbkdf2',
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: 'hmac-sha256',
        salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
      },
      mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
  scrypt: {
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
      ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
      kdf: 'scrypt',
      kdfparams: {
        dklen: 32,
        n: 262144,
        r: 1,
        p: 8,
        salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
      },
      mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  },
} as const

/** A test file of go-ethereum: 31 bytes of key. */
const GETH = [
  {
    secret: '00fa7b3db73dc7dfdf8c5fbdb796d741e4488628c41fc4febd9160a866ba0f35',
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: 'e0c41130a323adc1446fc82f724bca2f' },
      ciphertext: '9517cd5bdbe69076f9bf5057248c6c050141e970efa36ce53692d5d59a3984',
      kdf: 'scrypt',
      kdfparams: {
        dklen: 32,
        n: 2,
        r: 8,
        p: 1,
        salt: '711f816911c92d649fb4c84b047915679933555030b3552c1212609b38208c63',
      },
      mac: 'd5e116151c6aa71470e67a7d42c9620c75c4d23229847dcc127794f0732b0db5',
    },
  },
] as const

const write = (path: string, content: unknown): Promise<void> =>
  writeFile(path, JSON.stringify(content), { mode: 0o600 })
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('keystore', () => {
  it('opens the pbkdf2 file of the definition, with its password only', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      await write(path, VECTORS.pbkdf2)
      expect(hex(await readKeystore(path, PASSWORD))).to.equal(SECRET)
      const error = await rejection(readKeystore(path, 'testpassword2'))
      expect(error.code).to.equal('CONFIG_INVALID')
      expect(error.message).to.contain('password')
    })
  })

  it("opens geth's scrypt files, whose keys start with zeros that were left out", async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      for (const { secret, crypto } of GETH) {
        await write(path, { crypto, version: 3 })
        expect(hex(await readKeystore(path, 'foo'))).to.equal(secret)
      }
    })
  })

  it('says what to do with the scrypt file of the definition, which is outside RFC 7914', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      await write(path, VECTORS.scrypt)
      const error = await rejection(readKeystore(path, PASSWORD))
      expect(error.code).to.equal('CONFIG_INVALID')
      expect(error.message).to.contain('write the file again with r = 8')
    })
  })

  it('opens what it wrote: lower-case names, address without 0x, mode 0600, r = 8 and p = 1', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      await writeKeystore(path, Buffer.from(SECRET, 'hex'), 'pässword ', COST)
      expect(hex(await readKeystore(path, 'pässword '))).to.equal(SECRET)
      expect((await stat(path)).mode & 0o777).to.equal(0o600)
      const file = JSON.parse(await readFile(path, 'utf8')) as typeof VECTORS.scrypt
      expect(file).to.have.property('address', '008aeeda4d805471df9b2a5b0f38a0c3bcba786b')
      expect(file.crypto.kdfparams).to.include({ n: COST, r: 8, p: 1, dklen: 32 })
      expect(await readFile(path, 'utf8')).to.not.contain(SECRET)
    })
  })

  it('reads the capital Crypto of ethers', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      const { crypto, ...rest } = VECTORS.pbkdf2
      await write(path, { ...rest, Crypto: crypto })
      expect(hex(await readKeystore(path, PASSWORD))).to.equal(SECRET)
    })
  })

  it('refuses a changed ciphertext by its checksum', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      const { crypto } = VECTORS.pbkdf2
      const ciphertext = crypto.ciphertext.replace('5318', '5319')
      await write(path, { ...VECTORS.pbkdf2, crypto: { ...crypto, ciphertext } })
      expect((await rejection(readKeystore(path, PASSWORD))).code).to.equal('CONFIG_INVALID')
    })
  })

  it('refuses a missing file, other versions, unknown ciphers and absurd costs', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      expect((await rejection(readKeystore(path, PASSWORD))).code).to.equal('CONFIG_INVALID')
      const { scrypt } = VECTORS
      const { crypto } = scrypt
      const bad: unknown[] = [
        { ...scrypt, version: 1 },
        { ...scrypt, crypto: { ...crypto, cipher: 'aes-256-gcm' } },
        { ...scrypt, crypto: { ...crypto, kdf: 'argon2' } },
        { ...scrypt, crypto: { ...crypto, mac: 'zz' } },
        { ...scrypt, crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, n: 2 ** 30 } } },
        [],
      ]
      for (const file of bad) {
        await write(path, file)
        const error = await rejection(readKeystore(path, PASSWORD))
        expect(error.code).to.equal('CONFIG_INVALID')
        expect(error.message).to.contain('not a keystore')
      }
    })
  })

  it('refuses a file that others may read', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'key.json')
      await write(path, VECTORS.pbkdf2)
      await chmod(path, 0o640)
      const error = await rejection(readKeystore(path, PASSWORD))
      expect(error.code).to.equal('KEY_REFUSED')
      expect(error.message).to.contain('0640')
    })
  })
})
