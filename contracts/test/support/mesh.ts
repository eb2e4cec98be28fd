import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  type Address,
  type Hash,
  type Hex,
  type PublicClient,
  type TestClient,
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { anvil as anvilChain } from 'viem/chains'
import { deployDuckMesh } from '../../ts/deploy.ts'
import {
  LOCAL_DURATIONS,
  allot,
  approve,
  deposit,
  mint,
  registerProvider,
  waitForSuccess,
  type Addresses,
  type Allotment,
  type Voucher,
  type WriteClient,
} from '../../ts/index.ts'
import { startAnvil, type Anvil } from './anvil.ts'

export const DUCK: bigint = 10n ** 18n

/** The accounts that anvil funds, by their well-known keys. */
const keys: readonly Hex[] = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
]

/** A party with a key and a client. */
export interface Party {
  key: Hex
  account: PrivateKeyAccount
  address: Address
  client: WriteClient
}

/** A chain with DuckMesh on it. */
export interface Mesh {
  anvil: Anvil
  chain: PublicClient
  test: TestClient
  addresses: Addresses
  deployBlock: bigint
  deployer: Party
  provider: Party
  operator: Party
  payer: Party
  relayer: Party
  /** waits for a transaction and throws when it failed */
  done: (hash: Promise<Hash>) => Promise<TransactionReceipt>
  /** lets time pass on the chain */
  pass: (seconds: bigint) => Promise<void>
}

const pollingInterval = 10

export function createParty(url: string, key: Hex): Party {
  const account = privateKeyToAccount(key)
  const client = createWalletClient({
    account,
    chain: anvilChain,
    transport: http(url),
    pollingInterval,
  })
  return { key, account, address: account.address, client }
}

/** Starts anvil and deploys with the waiting times of a local network. */
export async function startMesh(): Promise<Mesh> {
  const anvil = await startAnvil()
  const transport = http(anvil.url)
  const chain = createPublicClient({ chain: anvilChain, transport, pollingInterval })
  const test = createTestClient({ chain: anvilChain, mode: 'anvil', transport })
  const [deployer, provider, operator, payer, relayer] = keys.map((key) =>
    createParty(anvil.url, key),
  ) as [Party, Party, Party, Party, Party]
  const { addresses, blockNumber } = await deployDuckMesh({
    walletClient: deployer.client,
    publicClient: chain,
    parameters: { durations: LOCAL_DURATIONS },
  })
  const done = async (hash: Promise<Hash>): Promise<TransactionReceipt> =>
    waitForSuccess(chain, { hash: await hash })
  const pass = async (seconds: bigint): Promise<void> => {
    await test.increaseTime({ seconds: Number(seconds) })
    await test.mine({ blocks: 1 })
  }
  const parties = { deployer, provider, operator, payer, relayer }
  return { anvil, chain, test, addresses, deployBlock: blockNumber, ...parties, done, pass }
}

/** Registers the provider with twice the minimum stake. */
export async function enrol({
  addresses,
  deployer,
  provider,
  operator,
  done,
}: Mesh): Promise<void> {
  const stake = 2_000n * DUCK
  await done(mint(deployer.client, { addresses, to: provider.address, amount: stake }))
  await done(approve(provider.client, { addresses, spender: addresses.registry, amount: stake }))
  await done(
    registerProvider(provider.client, {
      addresses,
      operator: operator.address,
      peerKey: `0x${'ab'.repeat(32)}`,
      endpoint: '/ip4/127.0.0.1/tcp/3825',
      stake,
    }),
  )
}

/** Gives a payer DUCK, deposits it and allots it to the provider. */
export async function openChannel(mesh: Mesh, payer: Party, amount: bigint): Promise<void> {
  const { addresses, deployer, provider, done } = mesh
  await done(mint(deployer.client, { addresses, to: payer.address, amount }))
  await done(approve(payer.client, { addresses, spender: addresses.market, amount }))
  await done(deposit(payer.client, { addresses, payer: payer.address, amount }))
  await done(allot(payer.client, { addresses, provider: provider.address, amount }))
}

/** The types as SCHEMAS writes them, kept apart from the package that signs in production. */
const types = {
  Voucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
    { name: 'epoch', type: 'uint64' },
  ],
  Allotment: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'amount', type: 'uint96' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
} as const

const domainOf = ({ addresses }: Mesh) => ({
  name: 'DuckMesh',
  version: '1',
  chainId: anvilChain.id,
  verifyingContract: addresses.registry,
})

export function signVoucher(
  mesh: Mesh,
  account: PrivateKeyAccount,
  message: Voucher,
): Promise<Hex> {
  const domain = domainOf(mesh)
  return account.signTypedData({ domain, types, primaryType: 'Voucher', message })
}

export function signAllotment(
  mesh: Mesh,
  account: PrivateKeyAccount,
  message: Allotment,
): Promise<Hex> {
  const domain = domainOf(mesh)
  return account.signTypedData({ domain, types, primaryType: 'Allotment', message })
}
