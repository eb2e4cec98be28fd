/** Two payers, a session key and two providers on a chain, and the model that knows the same of them. */
import { getAddress, type Address, type Hex } from 'viem'
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { jobMarketAbi } from '../../ts/abi/job-market.ts'
import { LOCAL_DURATIONS, approve, mint, registerProvider } from '../../ts/index.ts'
import { EscrowModel } from './escrow-model.ts'
import { DUCK, createParty, startMesh, type Mesh } from './mesh.ts'

export const STAKE: bigint = 1_200n * DUCK
const FUNDS = 5_000n * DUCK

export interface World {
  mesh: Mesh
  model: EscrowModel
  disputes: Address
  accounts: readonly PrivateKeyAccount[]
  session: PrivateKeyAccount
  providers: readonly PrivateKeyAccount[]
}

const hexOf = (key: number, bytes: number): Hex => `0x${key.toString(16).padStart(2 * bytes, '0')}`
const accountKeys = [0xa1, 0xa2].map((key) => hexOf(key, 32))
const providerKeys = [0xb1, 0xb2].map((key) => hexOf(key, 32))

/** Deploys, funds the payers, registers the providers, and tells the model. The caller stops anvil. */
export async function startWorld(): Promise<World> {
  const mesh = await startMesh()
  const { escrowThaw, earnedThaw, redeemPeriod } = LOCAL_DURATIONS
  const model = new EscrowModel({ escrowThaw, earnedThaw, redeemPeriod })
  // every block one second after the last, so that the model knows the time of the next
  await mesh.test.setBlockTimestampInterval({ interval: 1 })
  const disputes = await mesh.chain.readContract({
    address: mesh.addresses.market,
    abi: jobMarketAbi,
    functionName: 'disputes',
  })
  const session = privateKeyToAccount(hexOf(0xa3, 32))
  await mesh.test.setBalance({ address: disputes, value: DUCK })
  await mesh.test.setBalance({ address: session.address, value: DUCK })
  for (const key of accountKeys) await fund(mesh, model, key)
  for (const [i, key] of providerKeys.entries()) await enlist(mesh, model, key, i)
  return {
    mesh,
    model,
    disputes,
    accounts: accountKeys.map((key) => privateKeyToAccount(key)),
    session,
    providers: providerKeys.map((key) => privateKeyToAccount(key)),
  }
}

async function fund(mesh: Mesh, model: EscrowModel, key: Hex): Promise<void> {
  const { addresses, test, deployer, done } = mesh
  const { client, address } = createParty(mesh.anvil.url, key)
  await test.setBalance({ address, value: DUCK })
  await done(mint(deployer.client, { addresses, to: address, amount: FUNDS }))
  await done(approve(client, { addresses, spender: addresses.market, amount: 2n ** 256n - 1n }))
  model.mint(address, FUNDS)
}

async function enlist(mesh: Mesh, model: EscrowModel, key: Hex, index: number): Promise<void> {
  const { addresses, test, deployer, done } = mesh
  const { client, address } = createParty(mesh.anvil.url, key)
  const operator = getAddress(hexOf(0xc0de + index, 20))
  const peerKey = hexOf(0xab + index, 32)
  await test.setBalance({ address, value: DUCK })
  await done(mint(deployer.client, { addresses, to: address, amount: STAKE }))
  await done(approve(client, { addresses, spender: addresses.registry, amount: STAKE }))
  await done(registerProvider(client, { addresses, operator, peerKey, stake: STAKE }))
  model.stakes.set(address, STAKE)
}
