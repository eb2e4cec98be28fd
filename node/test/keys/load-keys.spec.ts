import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { writeKeystore } from '../../src/keys/keystore.ts'
import { loadOperatorKey } from '../../src/keys/load-operator-key.ts'
import { loadPeerKey } from '../../src/keys/load-peer-key.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

/** Anvil's first account. */
const RAW = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

describe('loadOperatorKey', () => {
  it('takes a raw key on the local network, with and without 0x', async () => {
    for (const privateKey of [RAW, `0x${RAW}`]) {
      expect((await loadOperatorKey({ privateKey }, true)).address).to.equal(ADDRESS)
    }
  })

  it('refuses a raw key elsewhere, and never quotes it', async () => {
    const error = await rejection(loadOperatorKey({ privateKey: RAW }, false))
    expect(error.code).to.equal('KEY_REFUSED')
    for (const privateKey of [RAW.slice(1), `${RAW}00`, 'f'.repeat(64), `${RAW.slice(2)}zz`]) {
      const bad = await rejection(loadOperatorKey({ privateKey }, true))
      expect(bad.code).to.be.oneOf(['CONFIG_INVALID', 'KEY_REFUSED'])
      expect(JSON.stringify(bad) + bad.message).to.not.contain(privateKey)
    }
  })

  it('opens a keystore with the password of a file, without its last line break', async () => {
    await withTempDir(async (folder) => {
      const keystore = join(folder, 'operator.json')
      const passwordFile = join(folder, 'password')
      await writeKeystore(keystore, Buffer.from(RAW, 'hex'), ' two words\n', 2 ** 12)
      await writeFile(passwordFile, ' two words\n\n')
      expect((await loadOperatorKey({ keystore, passwordFile }, false)).address).to.equal(ADDRESS)
    })
  })

  it('names the option that is missing or too much', async () => {
    const cases = [
      [{}, 'keys.keystore'],
      [{ keystore: '/k' }, 'keys.passwordFile'],
      [{ keystore: '/k', passwordFile: '/none' }, 'keys.passwordFile'],
      [{ keystore: '/k', privateKey: RAW }, 'keys'],
    ] as const
    for (const [source, option] of cases) {
      const error = await rejection(loadOperatorKey(source, true))
      expect(error.code).to.equal('CONFIG_INVALID')
      expect(error.details['option']).to.equal(option)
    }
  })
})

describe('loadPeerKey', () => {
  it('makes a key once, for its owner only, and gives it back', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'peer.key')
      const first = await loadPeerKey(path)
      expect((await loadPeerKey(path)).equals(first)).to.equal(true)
      expect((await stat(path)).mode & 0o777).to.equal(0o600)
      expect((await loadPeerKey(join(folder, 'other.key'))).equals(first)).to.equal(false)
    })
  })

  it('says STORE_CORRUPT for a file that holds no key', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'peer.key')
      await writeFile(path, 'CAESQ', { mode: 0o600 })
      expect((await rejection(loadPeerKey(path))).code).to.equal('STORE_CORRUPT')
    })
  })
})
