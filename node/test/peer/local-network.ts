/** A chain with one registered provider, a seed and a packed model: what a whole peer needs around it. */
import { join } from 'node:path'
import { loadConfig } from '../../src/config/index.ts'
import type { Config } from '../../src/config/index.ts'
import type { PeerHost } from '../../src/host/index.ts'
import { startLocalChain } from '../chain/local-chain.ts'
import type { LocalChain, Party } from '../chain/local-chain.ts'
import { packedDuckling } from '../engine/support/duckling.ts'
import { addressOf, startHost } from '../host/hosts.ts'
import type { NetworkConfig } from '@duckmesh/sdk'

/** Keys of the operator and of the first payer, as anvil knows them. */
export const OPERATOR_KEY = '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a'
export const PAYER_KEY = '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6'

export interface LocalNetwork {
  chain: LocalChain
  seedHost: PeerHost
  seed: string
  payer: Party
  /** What a client needs. */
  network: NetworkConfig
  /** Configuration of the provider; flags by path go before it. */
  config(dataDir: string, flags?: Record<string, string>): Promise<Config>
  stop(): Promise<void>
}

export async function startLocalNetwork(): Promise<LocalNetwork> {
  const [chain, seedHost, model] = await Promise.all([
    startLocalChain(),
    startHost(),
    packedDuckling(),
  ])
  const seed = addressOf(seedHost, 'tcp')
  const { chainId, rpc } = chain.network
  const owner = chain.provider.signer.address
  const config = (dataDir: string, flags: Record<string, string> = {}): Promise<Config> =>
    loadConfig({
      flags: {
        'network.chainId': String(chainId),
        'network.rpc': rpc,
        'network.registry': chain.addresses.registry,
        'network.market': chain.addresses.market,
        'network.token': chain.addresses.token,
        'network.local': 'true',
        seeds: seed,
        'listen.tcp': '0',
        'listen.ws': '0',
        'gateway.port': '0',
        dataDir,
        'keys.privateKey': OPERATOR_KEY,
        'provider.owner': owner,
        'provider.priceIn': '1000',
        'provider.priceOut': '1000',
        'provider.modelsDir': join(model.folder, '..'),
        'log.level': 'silent',
        ...flags,
      },
    })
  return {
    chain,
    seedHost,
    seed,
    payer: chain.payer,
    network: { chainId, rpcUrl: rpc, ...chain.addresses, seeds: [seed], local: true },
    config,
    stop: async () => {
      await seedHost.stop()
      await chain.stop()
      await model.remove()
    },
  }
}
