/** A peer's view of the chain: checked once at start, then watched; reads stake and channels, sends redemptions. */
import { readOversight } from '@duckmesh/contracts'
import type { Clock, Hex, Logger, Signer } from '@duckmesh/protocols'
import type { FaultReporter, FaultView } from '@duckmesh/protocols/evidence'
import { SeatLists, TurnClock } from '@duckmesh/protocols/election'
import type { SeatView } from '@duckmesh/protocols/election'
import type { OperatorView } from '@duckmesh/protocols/market'
import type { Funding, StakeView } from '@duckmesh/protocols/mesh'
import type {
  RelayPort,
  RelayedPort,
  ServicePort,
  SettlementPort,
} from '@duckmesh/protocols/settlement'
import {
  ChainAccusations,
  ChainElection,
  ChainFaults,
  ChainFunding,
  ChainOperators,
  ChainRelay,
  ChainSettlement,
  ChainStakeView,
  ChainView,
  TransactionSender,
  checkChain,
  checkOperator,
  createReadClient,
  createWriteClient,
  readTimes,
} from '../chain/index.ts'
import type { ViewState } from '../chain/index.ts'
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
  /** What is said against this provider. */
  accusations: ChainAccusations
  /** Judges proofs of faults, and takes them. */
  faults: FaultView & FaultReporter
  funding: Funding
  operators: OperatorView
  /** Redemptions for others, and by others. */
  relay: RelayPort & RelayedPort
  settlement: SettlementPort & ServicePort
  stake: StakeView
  /** Who holds the seats. */
  view: SeatView
  /** How far the chain can be relied on now. */
  state: () => ViewState
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
  const settlement = new ChainSettlement({ ...shared, sender })
  const oversight = await readOversight(read, { addresses })
  const turnClock = new TurnClock(clock, await readTimes(read, addresses))
  return {
    accusations: new ChainAccusations({ addresses, oversight, provider, read }),
    faults: new ChainFaults({ oversight, read, reporter: signer.address, sender, view }),
    funding: new ChainFunding(shared),
    operators: new ChainOperators(shared),
    view: new SeatLists({ port: new ChainElection(shared), turnClock }),
    state: () => view.state,
    relay: new ChainRelay({ ...shared, relayer: signer.address, sender, settlement }),
    settlement,
    stake: new ChainStakeView(shared),
    stop: () => {
      view.stop()
    },
  }
}
