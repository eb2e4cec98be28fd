import type { ReadClient, WriteClient } from '@duckmesh/contracts'
import type { Signer } from '@duckmesh/protocols'
import { createClient, defineChain, http } from 'viem'
import type { Chain, HttpTransport } from 'viem'
import { POLL_MS, RPC_RETRIES, RPC_TIMEOUT_MS } from './constants.ts'
import { signerAccount } from './signer-account.ts'

/** The chain of a network, as configured. */
export interface ChainNetwork {
  chainId: number
  /** http or https. */
  rpc: string
  local: boolean
}

/** A client that only reads. */
export function createReadClient(network: ChainNetwork): ReadClient {
  return createClient({ ...commonOf(network) })
}

/** A client that sends transactions of the signer's account. */
export function createWriteClient(network: ChainNetwork, signer: Signer): WriteClient {
  return createClient({ ...commonOf(network), account: signerAccount(signer) })
}

interface Common {
  chain: Chain
  transport: HttpTransport
  pollingInterval: number
  /** viem's own cache of block numbers: the callers here have caches with a clock of their own. */
  cacheTime: number
}

function commonOf({ chainId, rpc, local }: ChainNetwork): Common {
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId.toString()}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  })
  const transport = http(rpc, { timeout: RPC_TIMEOUT_MS, retryCount: RPC_RETRIES })
  const pollingInterval = local ? POLL_MS.local : POLL_MS.public
  return { chain, transport, pollingInterval, cacheTime: 0 }
}
