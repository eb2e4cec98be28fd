import { expect } from 'chai'
import { identityOf } from '../src/network.ts'
import { expectCode } from './support/expect-code.ts'
import { address } from './support/offers.ts'

const config = {
  chainId: 31_337,
  rpcUrl: 'http://127.0.0.1:8545',
  registry: `0x${'Ab'.repeat(20)}` as const,
  market: address(1),
  token: address(2),
  seeds: [],
  local: true,
}

describe('identityOf', () => {
  it('names the network by chain and registry, in lower case', () => {
    const registry = `0x${'ab'.repeat(20)}`
    expect(identityOf(config)).to.deep.equal({ name: '31337-abababab', chainId: 31_337, registry })
  })

  it('refuses a registry that is no address', async () => {
    await expectCode('CONFIG_INVALID', () => identityOf({ ...config, registry: '0xnothing' }))
  })
})
