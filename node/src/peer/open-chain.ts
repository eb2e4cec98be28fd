/** A peer's view of the chain: checked once at start, then watched; reads stake and channels, sends redemptions. */
import type { Clock, Hex, Logger, Signer } from '@duckmesh/protocols'
import type { StakeView } from '@duckmesh/protocols/mesh'
import type { SettlementPort } from '@duckmesh/protocols/settlement'
import {
  ChainSettlement,
  ChainStakeView,
  ChainView,
  TransactionSender,
  checkChain,
  checkOperator,
  createReadClient,
  createWriteClient,
} from '../chain/index.ts'
import type { Config } from '../config/index.ts'

export interface OpenChainInit {
  clock: Clock
  logger: Logger
  network: Config['network']
  /** Owner address under which the peer serves. */
  provider: Hex
  /** The operator's key; it pays for redemptions. */
  signer: Signer
}

export interface PeerChain {
  settlement: SettlementPort
  stake: StakeView
  stop(): void
}

/** Rejects with WRONG_CHAIN, CHAIN_UNREACHABLE, INVALID_PROVIDER or INSUFFICIENT_STAKE. */
export async function openChain(init: OpenChainInit): Promise<PeerChain> {
  const { clock, logger, network, provider, signer } = init
  const { chainId, market, registry, token } = network
  const addresses = { market, registry, token }
  const read = createReadClient(network)
  await checkChain(read, { chainId, addresses })
  await checkOperator(read, addresses, { provider, operator: signer.address })
  const view = new ChainView({ clock, logger, clients: [read] })
  await view.start()
  const sender = new TransactionSender({ read, write: createWriteClient(network, signer) })
  const shared = { addresses, clock, logger, read, view }
  return {
    settlement: new ChainSettlement({ ...shared, sender }),
    stake: new ChainStakeView(shared),
    stop: () => {
      view.stop()
    },
  }
}
