import type { NetworkIdentity } from '@duckmesh/protocols'
import { BindingBook } from '@duckmesh/protocols/mesh'
import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { clientBindingSource } from '../src/client-binding.ts'
import { accountSigner } from '../src/crypto/account-signer.ts'
import { SdkCrypto } from '../src/crypto/sdk-crypto.ts'
import { FakeClock } from './support/fake-clock.ts'
import { address, bytes32 } from './support/offers.ts'

const HOUR_MS = 3_600_000
const network: NetworkIdentity = { name: '31337-00000000', chainId: 31_337, registry: address(9) }
const signer = accountSigner(privateKeyToAccount(bytes32(1)))
const peerKey = bytes32(2)

describe('clientBindingSource', () => {
  it('signs a binding of the peer to the payer that a peer takes', async () => {
    const clock = new FakeClock()
    const binding = await clientBindingSource({ clock, network, signer, peerKey })()
    const book = new BindingBook({ network, crypto: new SdkCrypto(), clock })
    expect(book.verifyClient(binding, peerKey).binding.payer).to.equal(signer.address)
  })

  it('keeps one binding until less than an hour of it is left, then signs another', async () => {
    const clock = new FakeClock()
    const source = clientBindingSource({ clock, network, signer, peerKey })
    const first = await source()
    await clock.advance(11 * HOUR_MS)
    expect(await source()).to.equal(first)
    await clock.advance(1_000)
    const second = await source()
    expect(second.expiry - first.expiry).to.equal(11 * 3_600 + 1)
    expect(await source()).to.equal(second)
  })

  it('signs once for all who ask at the same time', async () => {
    let signatures = 0
    const counted = {
      ...signer,
      signDigest: (digest: `0x${string}`) => {
        signatures += 1
        return signer.signDigest(digest)
      },
    }
    const source = clientBindingSource({
      clock: new FakeClock(),
      network,
      signer: counted,
      peerKey,
    })
    const [a, b] = await Promise.all([source(), source()])
    expect(a).to.equal(b)
    expect(signatures).to.equal(1)
  })

  it('signs anew after a signer that failed', async () => {
    let broken = true
    const flaky = {
      ...signer,
      signDigest: async (digest: `0x${string}`) => {
        if (broken) throw new Error('the wallet is closed')
        return signer.signDigest(digest)
      },
    }
    const source = clientBindingSource({ clock: new FakeClock(), network, signer: flaky, peerKey })
    const failed = await source().catch((error: unknown) => error)
    expect(failed).to.have.property('message', 'the wallet is closed')
    broken = false
    expect((await source()).payer).to.equal(signer.address)
  })
})
