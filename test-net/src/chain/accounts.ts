/** The accounts of a local network: anvil's well-known development keys, worthless anywhere else. */
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import type { HDAccount } from 'viem/accounts'
import { bytesToHex, toHex } from 'viem'
import type { Hex } from 'viem'

const MNEMONIC = 'test test test test test test test test test test test junk'

/** Most providers of a local network. */
export const MAX_PROVIDERS = 20

/** What each account of the mnemonic is for, by index. */
export const ACCOUNT_INDEX = {
  deployer: 0,
  client: 1,
  chat: 2,
  firstProvider: 3,
  firstGateway: 3 + 2 * MAX_PROVIDERS,
} as const

/** The account with which the gateway of provider `n`, from 0, pays. */
export function gatewayAccount(n: number): HDAccount {
  return account(ACCOUNT_INDEX.firstGateway + n)
}

/** Owner and operator of provider `n`, from 0. */
export function providerAccounts(n: number): { owner: HDAccount; operator: HDAccount } {
  const first = ACCOUNT_INDEX.firstProvider + 2 * n
  return { owner: account(first), operator: account(first + 1) }
}

/** Above all accounts: to hash the words costs 2 048 rounds, and a network has up to sixty accounts. */
let parent: ReturnType<HDAccount['getHdKey']> | undefined

export function account(index: number): HDAccount {
  parent ??= mnemonicToAccount(MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey()
  const child = parent.deriveChild(index)
  const { privateKey } = child
  if (privateKey === null) throw new TypeError('The development words give no private key.')
  return { ...privateKeyToAccount(toHex(privateKey)), getHdKey: () => child, source: 'hd' }
}

/** The raw key, for processes of a local network only. */
export function privateKeyOf(holder: HDAccount): Hex {
  const key = holder.getHdKey().privateKey
  if (key === null) throw new TypeError('The development account has no private key.')
  return bytesToHex(key)
}
