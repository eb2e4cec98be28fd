/** A real chain with the contracts on it, for the tests of this folder. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  LOCAL_DURATIONS,
  allot,
  approve,
  deposit,
  mint,
  registerProvider,
  waitForSuccess,
} from '@duckmesh/contracts'
import type { Addresses, ReadClient, WriteClient } from '@duckmesh/contracts'
import { deployDuckMesh } from '@duckmesh/contracts/deploy'
import type { Logger } from '@duckmesh/protocols'
import type { ChannelRow } from '@duckmesh/protocols/settlement'
import { createPublicClient, createWalletClient, hashTypedData, http } from 'viem'
import type { Hash, Hex, PublicClient } from 'viem'
import type { ChainNetwork } from '../../src/chain/create-clients.ts'
import { createReadClient, createWriteClient } from '../../src/chain/create-clients.ts'
import { signerAccount } from '../../src/chain/signer-account.ts'
import { OperatorSigner } from '../../src/crypto/operator-signer.ts'

export const DUCK: bigint = 10n ** 18n
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
}

type SignedVoucher = NonNullable<ChannelRow['voucher']>

/** Accounts that anvil funds, by their well-known keys: deployer, provider (owner), operator, first payer. */
const KEYS = [
  'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
] as const

/** Who acts, with a key and a client. */
export interface Party {
  signer: OperatorSigner
  client: WriteClient
}

export interface LocalChain {
  network: ChainNetwork
  addresses: Addresses
  read: ReadClient
  deployer: Party
  provider: Party
  operator: Party
  payer: Party
  /** Gives a party DUCK, deposits it and allots it to the provider. */
  fund(party: Party, amount: bigint): Promise<void>
  stop(): Promise<void>
}

/** Starts anvil, deploys, registers the provider with its operator. */
export async function startLocalChain(): Promise<LocalChain> {
  const { child, rpc } = await startAnvil()
  const network = { chainId: 31_337, rpc, local: true }
  const read = createReadClient(network)
  const [deployer, provider, operator, payer] = KEYS.map((key) => partyOf(network, key)) as [
    Party,
    Party,
    Party,
    Party,
  ]
  const addresses = await deploy(network, deployer)
  const done = async (hash: Promise<Hash>): Promise<unknown> =>
    waitForSuccess(read, { hash: await hash })
  const give = (to: Party, amount: bigint): Promise<unknown> =>
    done(mint(deployer.client, { addresses, to: to.signer.address, amount }))

  const stake = 2_000n * DUCK
  await give(provider, stake)
  await done(approve(provider.client, { addresses, spender: addresses.registry, amount: stake }))
  const peerKey: Hex = `0x${'ab'.repeat(32)}`
  const operatorAddress = operator.signer.address
  await done(
    registerProvider(provider.client, { addresses, operator: operatorAddress, peerKey, stake }),
  )
  const fund = async ({ signer, client }: Party, amount: bigint): Promise<void> => {
    await give({ signer, client }, amount)
    await done(approve(client, { addresses, spender: addresses.market, amount }))
    await done(deposit(client, { addresses, payer: signer.address, amount }))
    await done(allot(client, { addresses, provider: provider.signer.address, amount }))
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  return { network, addresses, read, deployer, provider, operator, payer, fund, stop }
}

/** A voucher of the party for the provider, as settlement holds it. */
export function voucherOf(chain: LocalChain, party: Party, cumulative: bigint): SignedVoucher {
  const voucher = {
    payer: party.signer.address,
    provider: chain.provider.signer.address,
    cumulative,
    epoch: 0,
  }
  const digest = hashTypedData({
    domain: {
      name: 'DuckMesh',
      version: '1',
      chainId: chain.network.chainId,
      verifyingContract: chain.addresses.registry,
    },
    types: {
      Voucher: [
        { name: 'payer', type: 'address' },
        { name: 'provider', type: 'address' },
        { name: 'cumulative', type: 'uint96' },
        { name: 'epoch', type: 'uint64' },
      ],
    },
    primaryType: 'Voucher',
    message: { ...voucher, epoch: 0n },
  })
  return { voucher, signature: party.signer.signDigest(digest) }
}

export function partyOf(network: ChainNetwork, key: string): Party {
  const signer = new OperatorSigner(new Uint8Array(Buffer.from(key, 'hex')))
  return { signer, client: createWriteClient(network, signer) }
}

async function deploy(network: ChainNetwork, { signer, client }: Party): Promise<Addresses> {
  const transport = http(network.rpc)
  const publicClient: PublicClient = createPublicClient({ transport, pollingInterval: 20 })
  const walletClient = createWalletClient({
    account: signerAccount(signer),
    chain: client.chain,
    transport,
  })
  const parameters = { durations: LOCAL_DURATIONS }
  const { addresses } = await deployDuckMesh({ walletClient, publicClient, parameters })
  return addresses
}

async function startAnvil(): Promise<{ child: ChildProcess; rpc: string }> {
  const child = spawn(anvilPath(), ['--port', '0', '--hardfork', 'prague'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /Listening on (\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    child.stdout.resume()
    return { child, rpc: `http://${address}` }
  }
  throw new Error('anvil ended before it listened')
}

/** The binary of the npm package where this machine has one, else from the PATH. */
function anvilPath(): string {
  try {
    const { resolve } = createRequire(import.meta.url)
    return join(dirname(resolve('@foundry-rs/anvil-linux-amd64/package.json')), 'bin', 'anvil')
  } catch {
    return 'anvil'
  }
}
