import { expect } from 'chai'
import { privateKeyToAccount, toAccount } from 'viem/accounts'
import { accountSigner } from '../../src/crypto/account-signer.ts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { expectCode } from '../support/expect-code.ts'
import { bytes32 } from '../support/offers.ts'

describe('accountSigner', () => {
  it('signs digests so that the lower-case address is recovered', async () => {
    const account = privateKeyToAccount(bytes32(77))
    const signer = accountSigner(account)
    expect(signer.address).to.equal(account.address.toLowerCase())
    const signature = await signer.signDigest(bytes32(5))
    expect(signature).to.match(/^0x[0-9a-f]{128}(1b|1c)$/)
    expect(new SdkCrypto().recoverAddress(bytes32(5), signature)).to.equal(signer.address)
  })

  it('refuses an account that cannot sign by itself', async () => {
    const { address } = privateKeyToAccount(bytes32(77))
    const wallet = toAccount({
      address,
      signMessage: () => Promise.resolve('0x'),
      signTransaction: () => Promise.resolve('0x'),
      signTypedData: () => Promise.resolve('0x'),
    })
    await expectCode('CONFIG_INVALID', () => accountSigner(wallet))
  })
})
