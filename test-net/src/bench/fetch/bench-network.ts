/** The network that holders and puller of the fetch benchmark name in their hellos; no chain is behind it. */
import { identityOf } from '@duckmesh/sdk'
import type { NetworkIdentity } from '@duckmesh/protocols'

const registry = `0x${'5f'.repeat(20)}` as const

export const BENCH_NETWORK: NetworkIdentity = identityOf({
  ...{ chainId: 31_337, registry, market: registry, token: registry },
  ...{ rpcUrl: 'http://127.0.0.1:1', seeds: [], local: true },
})
