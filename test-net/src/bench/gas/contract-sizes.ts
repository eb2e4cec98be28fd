/** How large each deployed contract is. */
import { getContractAddress, hexToBytes } from 'viem'
import type { Address } from 'viem'
import type { GasWorld } from './gas-world.ts'
import type { GasReport } from './interface.ts'

/** Runtime bytes of every contract of a deployment, by name. */
export function contractSizes(world: GasWorld): Promise<GasReport['sizes']> {
  const { addresses, deployer, firstNonce, oversight } = world
  const library = (offset: number): Address =>
    getContractAddress({ from: deployer.address, nonce: BigInt(firstNonce + offset) })
  const contracts: [string, Address][] = [
    ['DuckToken', addresses.token],
    ['ProviderRegistry', addresses.registry],
    ['RegistryLogic', library(0)],
    ['JobMarket', addresses.market],
    ['MarketLogic', library(1)],
    ['JobDisputes', oversight.disputes],
    ['SignedFaults', oversight.signedFaults],
    ['Referees', oversight.referees],
    ['DuckGovernor', oversight.governor],
    ['DuckTimelock', oversight.timelock],
  ]
  return Promise.all(
    contracts.map(async ([contract, address]) => {
      const code = await world.client.getCode({ address })
      return { contract, bytes: code === undefined ? 0 : hexToBytes(code).length }
    }),
  )
}
